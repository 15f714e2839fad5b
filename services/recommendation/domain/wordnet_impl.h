/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph behind wordnet.h, for the files of this module only.
 */
#pragma once

#include "domain/wordnet.h"

#include <stdbool.h>

/* Pointer symbols of wndb(5WN) that we follow. */
enum wordnet_relation {
    REL_NONE,
    REL_HYPERNYM,     /* @, @i */
    REL_HYPONYM,      /* ~ (not ~i: instances of a kind are no topics) */
    REL_DERIVED,      /* +, and \ of adjectives and adverbs */
    REL_PART,         /* #p, #m, #s: the source is part of the target */
    REL_HAS_PART,     /* %p, %m, %s */
    REL_TOPIC,        /* ;c: the source belongs to the field of the target */
    REL_TOPIC_MEMBER, /* -c */
    REL_SIMILAR,      /* &, ^, $, * and > */
};

struct edge {
    uint32_t target;
    uint8_t relation;  /* of enum wordnet_relation */
    uint8_t from_word; /* number of the word the pointer is about; 0: the whole synset */
    uint8_t to_word;
};

struct lemma_table {
    uint32_t *slots; /* offset in the index file + 1; 0: free */
    uint32_t mask;
};

struct wordnet {
    struct wordnet_files files;
    uint32_t first[WORDNET_N_POS + 1]; /* synsets of one part of speech lie together */
    uint32_t *offset;                  /* by synset: where its line begins in the data file */
    uint32_t *edge_start;              /* by synset, and one more: CSR into `edges` */
    struct edge *edges;
    /* By synset, 0 to 1: its information content by the number of its hyponyms (Seco, Veale &
     * Hayes, ECAI 2004), cut so that what is as general as "device" or "person" is 0. */
    float *specificity;
    struct lemma_table lemmas[WORDNET_N_POS];
    struct lemma_table exceptions[WORDNET_N_POS];
};

/* Where lines are read from. */
struct cursor {
    const char *at;
    const char *end;
};

struct field {
    const char *s;
    size_t len;
};

/* The next field of the line, separated by blanks; empty at its end. */
struct field cursor_field(struct cursor *c);
uint32_t cursor_number(struct cursor *c, int base);

/* The rest of the line that begins at `offset`. */
struct cursor wordnet_line(const struct wordnet_file *file, uint32_t offset);

enum wordnet_pos wordnet_pos_of(const struct wordnet *w, uint32_t synset);

/* UINT32_MAX if no synset of that part of speech begins there. */
uint32_t wordnet_synset_at(const struct wordnet *w, enum wordnet_pos pos, uint32_t offset);

/* The index of all lines of a file by their first field. False if there is no memory. */
bool lemma_table_build(struct lemma_table *t, const struct wordnet_file *file);

/* The line whose first field is `word`, after that field; false if there is none. */
bool lemma_table_find(const struct lemma_table *t, const struct wordnet_file *file,
    const struct field *word, struct cursor *line);
