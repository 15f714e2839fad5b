/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routing: whom of a member's network to ask, in which order, and why. Deterministic: the same
 * network, question, time and parameters give the same result, to the bit. Any thread.
 */
#pragma once

#include "domain/network.h"
#include "domain/score.h"
#include "domain/signal.h"

enum { ROUTE_MAX_CANDIDATES = 50, ROUTE_MAX_EVIDENCE = 5, ROUTE_NOBODY = -1 };

struct router {
    const struct wordnet *wordnet; /* NULL: words only */
    struct score_parameters parameters;
};

struct route_request {
    const char *question;
    const struct signal_meaning *meaning; /* of this question and network; NULL: no encoder */
    int64_t now_us;                       /* wall clock */
    size_t max_candidates;                /* at most ROUTE_MAX_CANDIDATES */
    uint32_t named;                       /* a contact to judge in any case; UINT32_MAX: none */
};

struct route_evidence {
    enum score_signal signal;
    enum network_kind kind;
    const char *text;
    const char *const *path; /* SCORE_WORDNET: words from question to evidence */
    size_t n_path;
    double share;       /* of the candidate's expertise */
    const char *reason; /* "Head Swim Coach: snorkeling is a kind of skin diving, …" */
};

struct route_candidate {
    uint32_t contact;
    bool is_fit; /* expertise is at least the floor */
    struct score_inputs inputs;
    struct score score;
    struct route_evidence *evidence; /* strongest first */
    size_t n_evidence;
    const char *reason; /* of the strongest evidence */
};

struct route_result {
    struct route_candidate *candidates; /* with any evidence; those that fit first, best first */
    size_t n;
    size_t n_fit;
    struct route_candidate *named; /* NULL unless one was named */
    const char **notes;            /* what the question's words were taken for */
    size_t n_notes;
    uint32_t considered;
    const char *language; /* the question reads as: "German"; NULL: English */
};

/* Everything of the result is in `arena`; its texts may point into `network`. */
MUST_USE enum err_code route(const struct router *router, const struct network *network,
    const struct route_request *request, struct arena *arena, struct route_result *out,
    struct err *err);
