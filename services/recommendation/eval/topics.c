/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PAIRS = 2000, MAX_LINE_BYTES = 4096, MEMORY_PER_CALL = 64 << 20 };

struct pair {
    char *question, *evidence;
};

struct topics {
    const struct bench *bench;
    struct pair pairs[MAX_PAIRS];
    size_t n;
    struct network *network;
    struct meaning *meanings;
    const struct meaning **evidence; /* by statement */
    struct arena arena;
};

struct counts {
    size_t asked, first, third, refused;
    double reciprocal;
};

static struct id id_of(size_t number)
{
    struct id id = {{0}};

    for (size_t i = 0; i < 4; i++)
        id.bytes[12 + i] = (uint8_t)(number >> (24 - 8 * i));
    return id;
}

/* Questions alone have no evidence. */
static bool load(const char *path, struct topics *topics)
{
    FILE *file = fopen(path, "r");
    char line[MAX_LINE_BYTES];

    if (file == NULL) {
        perror(path);
        return false;
    }
    topics->n = 0;
    while (topics->n < MAX_PAIRS && fgets(line, sizeof line, file) != NULL) {
        char *tab;

        line[strcspn(line, "\r\n")] = '\0';
        tab = strchr(line, '\t');
        if (tab != NULL)
            *tab = '\0';
        topics->pairs[topics->n++] =
            (struct pair){strdup(line), tab != NULL ? strdup(tab + 1) : NULL};
    }
    (void)fclose(file);
    return true;
}

static void forget(struct topics *topics)
{
    for (size_t i = 0; i < topics->n; i++) {
        free(topics->pairs[i].question);
        free(topics->pairs[i].evidence);
    }
    topics->n = 0;
}

/* A contact for each evidence line, known for nothing else. */
static bool build(struct topics *topics, struct err *err)
{
    struct network_builder *b = network_builder_new(topics->bench->wordnet.wordnet);
    bool is_built = b != NULL;

    for (size_t i = 0; i < topics->n && is_built; i++) {
        const struct network_contact contact = {.id = id_of(i)};

        is_built = network_add_contact(b, &contact);
    }
    for (size_t i = 0; i < topics->n && is_built; i++) {
        const struct id id = id_of(i);

        is_built = network_add_fact(b, &id, NETWORK_TITLE, topics->pairs[i].evidence, 1);
    }
    is_built = is_built && network_build(b, &topics->network, err) == ERR_OK;
    network_builder_free(b);
    if (!is_built)
        return false;
    topics->meanings = bench_encode(topics->bench, topics->network);
    topics->evidence = calloc((size_t)topics->network->n_statements + 1, sizeof *topics->evidence);
    for (uint32_t s = 0; topics->meanings != NULL && s < topics->network->n_statements; s++)
        topics->evidence[s] = &topics->meanings[s];
    return topics->evidence != NULL;
}

/* The rank of contact `right`; 0 if nothing speaks for her. */
static size_t ask(struct topics *topics, const char *question, size_t right, bool *is_refused)
{
    struct signal_meaning meaning = {.evidence = topics->evidence};
    struct route_request request = {
        .question = question, .max_candidates = ROUTE_MAX_CANDIDATES, .named = UINT32_MAX};
    struct route_result result;
    struct err err;

    if (topics->meanings != NULL) {
        meaning_of_question(&topics->bench->encoder, question, &meaning.question);
        request.meaning = &meaning;
    }
    arena_reset(&topics->arena);
    if (route(&topics->bench->router, topics->network, &request, &topics->arena, &result, &err) !=
        ERR_OK) {
        (void)fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
    *is_refused = result.n_fit == 0;
    for (size_t i = 0; i < result.n; i++) {
        if (result.candidates[i].contact == right)
            return i + 1;
    }
    return 0;
}

static struct counts ask_all(struct topics *topics, const struct pair *pairs, size_t n)
{
    struct counts counts = {.asked = n};

    for (size_t i = 0; i < n; i++) {
        bool is_refused;
        size_t rank = ask(topics, pairs[i].question, i, &is_refused);

        counts.first += rank == 1;
        counts.third += rank >= 1 && rank <= 3;
        counts.reciprocal += rank > 0 ? 1 / (double)rank : 0;
        counts.refused += is_refused;
    }
    return counts;
}

static double share(size_t part, size_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

int topics_run(const struct bench *bench, const char *pairs, const char *nobody)
{
    static struct topics topics, unanswerable;
    struct counts counts;
    struct err err = {.msg = "out of memory"};

    topics.bench = bench;
    arena_init(&topics.arena, MEMORY_PER_CALL);
    if (!load(pairs, &topics))
        return 1;
    for (size_t i = 0; i < topics.n; i++) {
        if (topics.pairs[i].evidence == NULL) {
            (void)fprintf(stderr, "%s:%zu: there is no tab\n", pairs, i + 1);
            return 1;
        }
    }
    if (!build(&topics, &err)) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    counts = ask_all(&topics, topics.pairs, topics.n);
    (void)printf("%zu questions: top-1 %.3f  top-3 %.3f  MRR %.3f  refused %.3f\n", counts.asked,
        share(counts.first, counts.asked), share(counts.third, counts.asked),
        counts.asked > 0 ? counts.reciprocal / (double)counts.asked : 0,
        share(counts.refused, counts.asked));
    if (nobody != NULL && load(nobody, &unanswerable)) {
        counts = ask_all(&topics, unanswerable.pairs, unanswerable.n);
        (void)printf("%zu questions nobody knows: recognised %.3f\n", counts.asked,
            share(counts.refused, counts.asked));
    }
    forget(&unanswerable);
    forget(&topics);
    network_free(topics.network);
    free(topics.meanings);
    free(topics.evidence);
    arena_fini(&topics.arena);
    return 0;
}
