/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One member's network in memory: her contacts, and everything that speaks of what they know, each
 * distinct statement once. Built by a loader row by row, then read-only and shared by all threads;
 * what changes is built anew.
 */
#pragma once

#include "domain/inverted.h"
#include "domain/strtab.h"
#include "domain/terms.h"
#include "ids/ids.h"

#include <stdbool.h>

/* What a statement is about. The numbers up to TAG are those of kith.v1.FactKind. */
enum network_kind {
    NETWORK_UNSPECIFIED,
    NETWORK_EMPLOYER,
    NETWORK_TITLE,
    NETWORK_SCHOOL,
    NETWORK_HOMETOWN,
    NETWORK_CITY,
    NETWORK_INTEREST,
    NETWORK_ALLEGIANCE,
    NETWORK_EXPERTISE,
    NETWORK_LANGUAGE,
    NETWORK_AUTHOR_OF,
    NETWORK_TAG,
    NETWORK_ANSWERED, /* a past question she answered */
    NETWORK_N_KINDS
};

/* "title"; "answer" for a past question. */
const char *network_kind_name(enum network_kind kind);

struct network_contact {
    struct id id;
    struct id member;     /* zero: no member */
    bool is_connected;    /* both accepted an invitation here */
    int64_t connected_us; /* when the owner connected with her elsewhere; 0: unknown */
    uint32_t waiting;     /* questions the owner sent her that wait for an answer */
    uint32_t passed;      /* recent ones she passed on */
    double common;        /* rare facts she shares with the owner, see network.c */
};

/* One distinct text of one kind, and who it is said of. */
struct network_statement {
    uint32_t text; /* in `texts` */
    uint32_t first_holder, n_holders;
    uint8_t kind;     /* of enum network_kind */
    int64_t asked_us; /* a past question: when last; wall clock */
};

struct network_holder {
    uint32_t contact;
    float confidence; /* 0 to 1 */
};

/* A synset and a lemma of the evidence that may stand for it. */
struct network_concept {
    uint32_t synset;
    uint32_t lemma; /* a term of `lemmas` */
    float weight;
};

struct network {
    struct network_contact *contacts; /* in order of id */
    uint32_t n_contacts;
    struct network_statement *statements;
    uint32_t n_statements;
    struct network_holder *holders;
    struct strtab texts;
    struct inverted *stems;           /* of facts; documents are statements */
    struct inverted *lemmas;          /* likewise */
    struct inverted *answers;         /* stems of past questions; documents are statements */
    uint32_t *lemma_stems;            /* by lemma, of its last word; in `texts` */
    struct network_concept *concepts; /* in order of synset */
    size_t n_concepts;
};

void network_free(struct network *network);

/* The contact with this id, or UINT32_MAX. */
uint32_t network_find(const struct network *network, const struct id *contact);

const char *network_text(const struct network *network, uint32_t statement);

/* ---- building; all return false without memory ----------------------------------------------- */

struct network_builder;

/* `wordnet` may be NULL: then no concepts. It must outlive the builder, not the network. */
struct network_builder *network_builder_new(const struct wordnet *wordnet);
void network_builder_free(struct network_builder *builder);

/* Contacts first, in any order, each once. `common` of `contact` is filled in. */
bool network_add_contact(struct network_builder *b, const struct network_contact *contact);

/* What the owner's book says of a contact. Unknown contacts are passed over. */
bool network_add_fact(struct network_builder *b, const struct id *contact, enum network_kind kind,
    const char *text, double confidence);

/* A question of the owner that a contact answered, and when it was asked. */
bool network_add_answered(
    struct network_builder *b, const struct id *contact, const char *question, int64_t asked_us);

/* What the owner says of herself: common ground. */
bool network_add_own_fact(struct network_builder *b, enum network_kind kind, const char *text);

/* Takes everything added so far; the builder can only be freed then. */
MUST_USE enum err_code network_build(
    struct network_builder *b, struct network **out, struct err *err);
