/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include "domain/strtab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_QUESTIONS = 5000,
    MAX_ANSWERS = 20000,
    MAX_LINE_BYTES = 65536,
    MEMORY_PER_CALL = 64 << 20
};

struct question {
    uint32_t id; /* in `ids` */
    bool is_test;
    uint32_t asker;   /* in `people` */
    int64_t asked_us; /* more or less */
    char *text;       /* title and tags */
};

struct answer {
    uint32_t question, user;
};

struct votes {
    const struct bench *bench;
    struct strtab ids, people;
    struct question *questions;
    size_t n;
    struct answer *answers;
    size_t n_answers;
    struct network *network;
    struct meaning *meanings;
    const struct meaning **evidence; /* by statement */
    double *score;                   /* by contact */
    struct arena arena;
};

struct outcome {
    size_t asked, first, fifth;
    double reciprocal;
};

static struct id id_of(uint32_t number)
{
    struct id id = {{0}};

    for (size_t i = 0; i < 4; i++)
        id.bytes[12 + i] = (uint8_t)((number + 1) >> (24 - 8 * i));
    return id;
}

static FILE *open_table(const char *dir, const char *name)
{
    char path[4096];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "r");
    if (file == NULL)
        perror(path);
    return file;
}

/* Cuts a line at its tabs; the fields that are missing are "". */
static void cut(char *line, char *fields[], size_t n)
{
    line[strcspn(line, "\r\n")] = '\0';
    for (size_t i = 0; i < n; i++) {
        fields[i] = line;
        line += strcspn(line, "\t");
        if (*line != '\0')
            *line++ = '\0';
    }
}

/* Numbers of questions were given out one after another; both sites had them for so long. */
static int64_t time_of(const char *id, int64_t newest)
{
    const double years = 8.5, us_per_year = 365.25 * 24 * 3600 * 1e6;

    return (int64_t)(years * us_per_year * strtod(id, NULL) / (double)newest);
}

static void date_questions(struct votes *v)
{
    int64_t newest = 1;

    for (size_t i = 0; i < v->n; i++) {
        int64_t number = strtoll(strtab_get(&v->ids, v->questions[i].id), NULL, 10);

        newest = number > newest ? number : newest;
    }
    for (size_t i = 0; i < v->n; i++)
        v->questions[i].asked_us = time_of(strtab_get(&v->ids, v->questions[i].id), newest);
}

/* id, split, date, asker, accepted_user, tags, title, text; there are no dates in it */
static bool load_questions(const char *dir, struct votes *v)
{
    enum { ID, SPLIT, DATE, ASKER, ACCEPTED, TAGS, TITLE, N_FIELDS };
    static char line[MAX_LINE_BYTES];
    FILE *file = open_table(dir, "questions.tsv");

    while (file != NULL && v->n < MAX_QUESTIONS && fgets(line, sizeof line, file) != NULL) {
        char *fields[N_FIELDS], text[4096];

        cut(line, fields, N_FIELDS);
        if (strcmp(fields[ID], "id") == 0)
            continue;
        (void)snprintf(text, sizeof text, "%s: %s", fields[TITLE], fields[TAGS]);
        v->questions[v->n++] = (struct question){.id = strtab_intern(&v->ids, fields[ID]),
            .is_test = strcmp(fields[SPLIT], "test") == 0,
            .asker = strtab_intern(&v->people, fields[ASKER]),
            .text = strdup(text)};
    }
    date_questions(v);
    return file != NULL && fclose(file) == 0;
}

/* question, user, score, answer_id */
static bool load_answers(const char *dir, struct votes *v)
{
    enum { QUESTION, USER, N_FIELDS };
    static char line[MAX_LINE_BYTES];
    FILE *file = open_table(dir, "answers.tsv");

    while (file != NULL && v->n_answers < MAX_ANSWERS && fgets(line, sizeof line, file) != NULL) {
        char *fields[N_FIELDS];
        uint32_t question;

        cut(line, fields, N_FIELDS);
        question = strtab_find(&v->ids, fields[QUESTION]);
        if (question != STRTAB_NONE)
            v->answers[v->n_answers++] =
                (struct answer){question, strtab_intern(&v->people, fields[USER])};
    }
    return file != NULL && fclose(file) == 0;
}

/* Everybody who answered a question of the train part. */
static bool add_people(const struct votes *v, struct network_builder *b)
{
    bool *is_answerer = calloc(v->people.n + 1, sizeof *is_answerer);
    bool is_done = is_answerer != NULL;

    for (size_t i = 0; i < v->n_answers && is_done; i++)
        if (!v->questions[v->answers[i].question].is_test)
            is_answerer[v->answers[i].user] = true;
    for (uint32_t p = 0; p < v->people.n && is_done; p++) {
        const struct network_contact contact = {.id = id_of(p)};

        is_done = !is_answerer[p] || network_add_contact(b, &contact);
    }
    free(is_answerer);
    return is_done;
}

static bool build(struct votes *v, struct err *err)
{
    struct network_builder *b = network_builder_new(v->bench->wordnet.wordnet);
    bool is_built = b != NULL && add_people(v, b);

    for (size_t i = 0; i < v->n_answers && is_built; i++) {
        const struct question *q = &v->questions[v->answers[i].question];
        const struct id id = id_of(v->answers[i].user);

        if (!q->is_test)
            is_built = network_add_answered(b, &id, q->text, q->asked_us);
    }
    is_built = is_built && network_build(b, &v->network, err) == ERR_OK;
    network_builder_free(b);
    return is_built;
}

static bool encode(struct votes *v)
{
    uint32_t n = v->network->n_statements;

    v->meanings = bench_encode(v->bench, v->network);
    v->evidence = calloc((size_t)n + 1, sizeof *v->evidence);
    v->score = calloc((size_t)v->network->n_contacts + 1, sizeof *v->score);
    for (uint32_t s = 0; v->meanings != NULL && v->evidence != NULL && s < n; s++)
        v->evidence[s] = &v->meanings[s];
    return v->evidence != NULL && v->score != NULL;
}

/* Everybody's votes for a question, by the service's own signal. */
static void score_people(struct votes *v, const struct question *asked, bool with_meaning)
{
    struct signal_meaning meaning = {.evidence = v->evidence};
    struct signal_question q = {.network = v->network,
        .wordnet = v->bench->wordnet.wordnet,
        .now_us = asked->asked_us,
        .arena = &v->arena};
    struct signal_hits hits = {.arena = &v->arena};
    struct text_analyser *analyser = text_analyser_new();
    struct err err;

    arena_reset(&v->arena);
    memset(v->score, 0, v->network->n_contacts * sizeof *v->score);
    if (with_meaning) {
        meaning_of_question(&v->bench->encoder, asked->text, &meaning.question);
        q.meaning = &meaning;
    }
    if (analyser == NULL ||
        terms_of(analyser, q.wordnet, asked->text, false, q.arena, &q.terms, &err) != ERR_OK ||
        signal_find_past(&q, &hits, &err) != ERR_OK) {
        (void)fprintf(stderr, "kith-eval: out of memory\n");
        exit(1);
    }
    text_analyser_free(analyser);
    for (size_t i = 0; i < hits.n; i++) {
        const struct network_statement *s = &v->network->statements[hits.items[i].statement];

        for (uint32_t h = 0; h < s->n_holders; h++)
            v->score[v->network->holders[s->first_holder + h].contact] += hits.items[i].strength;
    }
}

/* Rank of the contact among all but the asker; equal ones by number; 0 without a vote. */
static size_t rank_of(const struct votes *v, uint32_t contact, uint32_t asker)
{
    size_t rank = 1;

    if (v->score[contact] <= 0)
        return 0;
    for (uint32_t c = 0; c < v->network->n_contacts; c++)
        rank += c != asker && (v->score[c] > v->score[contact] ||
                                  (c < contact && v->score[c] >= v->score[contact]));
    return rank;
}

/* The rank of the best of those who answered; false if nobody who could be found did. */
static bool best_rank(const struct votes *v, size_t question, size_t *best)
{
    const struct id asker_id = id_of(v->questions[question].asker);
    uint32_t asker = network_find(v->network, &asker_id);
    bool is_answered = false;

    *best = 0;
    for (size_t i = 0; i < v->n_answers; i++) {
        const struct id id = id_of(v->answers[i].user);
        uint32_t contact = network_find(v->network, &id);
        size_t rank;

        if (v->answers[i].question != question || contact == UINT32_MAX || contact == asker)
            continue;
        is_answered = true;
        rank = rank_of(v, contact, asker);
        if (rank > 0 && (*best == 0 || rank < *best))
            *best = rank;
    }
    return is_answered;
}

static void measure(struct votes *v, const char *name, bool with_meaning)
{
    struct outcome o = {0};

    for (size_t i = 0; i < v->n; i++) {
        size_t rank = 0;

        if (!v->questions[i].is_test)
            continue;
        score_people(v, &v->questions[i], with_meaning);
        if (!best_rank(v, i, &rank))
            continue;
        o.asked++;
        o.first += rank == 1;
        o.fifth += rank >= 1 && rank <= 5;
        o.reciprocal += rank > 0 ? 1.0 / (double)rank : 0;
    }
    if (o.asked > 0)
        (void)printf("%s candidates=%u questions=%zu p1=%.3f hit5=%.3f mrr=%.4f\n", name,
            v->network->n_contacts, o.asked, (double)o.first / (double)o.asked,
            (double)o.fifth / (double)o.asked, o.reciprocal / (double)o.asked);
}

static void forget(struct votes *v)
{
    for (size_t i = 0; v->questions != NULL && i < v->n; i++)
        free(v->questions[i].text);
    strtab_fini(&v->ids);
    strtab_fini(&v->people);
    network_free(v->network);
    free(v->questions);
    free(v->answers);
    free(v->meanings);
    free(v->evidence);
    free(v->score);
    arena_fini(&v->arena);
}

int votes_run(const struct bench *bench, const char *dir)
{
    struct votes v = {.bench = bench,
        .questions = calloc(MAX_QUESTIONS, sizeof *v.questions),
        .answers = calloc(MAX_ANSWERS, sizeof *v.answers)};
    struct err err = {.msg = "the data can not be read"};
    bool is_loaded;

    arena_init(&v.arena, MEMORY_PER_CALL);
    is_loaded = v.questions != NULL && v.answers != NULL && load_questions(dir, &v) &&
                load_answers(dir, &v) && build(&v, &err) && encode(&v);
    if (!is_loaded)
        (void)fprintf(stderr, "kith-eval: %s\n", err.msg);
    if (is_loaded)
        measure(&v, "words", false);
    if (is_loaded && v.meanings != NULL)
        measure(&v, "words+meaning", true);
    forget(&v);
    return is_loaded ? 0 : 1;
}
