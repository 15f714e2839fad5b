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
    size_t refused_without; /* if their own evidence were not there */
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

static void count(const struct route_result *result, size_t right, struct counts *counts)
{
    size_t rank = 1;

    while (rank <= result->n && result->candidates[rank - 1].contact != right)
        rank++;
    counts->asked++;
    counts->first += rank == 1;
    counts->third += rank <= 3 && rank <= result->n;
    counts->reciprocal += rank <= result->n ? 1 / (double)rank : 0;
    counts->refused += result->n_fit == 0;
    counts->refused_without += result->n_fit == (rank == 1 ? 1 : 0) || result->n_fit == 0;
}

/* Asks; adds how contact `right` was found. */
static void ask(struct topics *topics, const char *question, size_t right, struct counts *counts)
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
    count(&result, right, counts);
}

static struct counts ask_all(struct topics *topics, const struct pair *pairs, size_t n)
{
    struct counts counts = {.asked = 0};

    for (size_t i = 0; i < n; i++)
        ask(topics, pairs[i].question, i, &counts);
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
    (void)printf("%zu questions: top-1 %.3f  top-3 %.3f  MRR %.3f  refused %.3f  "
                 "recognised without their evidence %.3f\n",
        counts.asked, share(counts.first, counts.asked), share(counts.third, counts.asked),
        counts.asked > 0 ? counts.reciprocal / (double)counts.asked : 0,
        share(counts.refused, counts.asked), share(counts.refused_without, counts.asked));
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
