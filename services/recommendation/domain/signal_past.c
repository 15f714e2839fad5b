/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/alignment.h"
#include "domain/tally.h"

#include <math.h>

/* Similar questions that vote; more bring noise. This, the square and the age below are fitted
 * within the train parts of two Stack Exchange sets: see tests/bench/README.md. */
enum { MAX_VOTERS = 400 };

/* Between two questions this far apart a vote counts by half: people come, and lose interest. */
static const double HALF_AGE_US = 0.25 * 365.25 * 24 * 3600 * 1e6;

/* How near the nearest past question has to be for its vote, and all others, to count by half. */
static const double TRUST_HALF = 0.5;

/* What past questions have in common says nothing of one: it is taken off. Few of them are taken
 * for everyday questions, as many as this. */
static const float EVERYDAY = 20;

struct middle {
    struct encoder_vector mean;
    double square;   /* of the mean's length */
    double question; /* cosine of the question and the mean */
};

static const struct meaning *past_meaning(const struct signal_question *q, uint32_t statement)
{
    if (!q->meaning || q->network->statements[statement].kind != NETWORK_ANSWERED)
        return NULL;
    return q->meaning->evidence[statement];
}

static struct middle find_middle(const struct signal_question *q)
{
    float sum[ENCODER_DIM], count = EVERYDAY;
    struct middle middle;
    encoder_vector_unpack(alignment_question_mean(), sum);
    for (size_t i = 0; i < ENCODER_DIM; i++)
        sum[i] *= EVERYDAY;
    for (uint32_t s = 0; s < q->network->n_statements; s++) {
        const struct meaning *past = past_meaning(q, s);
        if (!past)
            continue;
        count++;
        encoder_vector_add(&past->vector, sum);
    }
    for (size_t i = 0; i < ENCODER_DIM; i++)
        sum[i] /= count;
    encoder_vector_pack(sum, &middle.mean);
    middle.square = (double)encoder_vector_cosine(&middle.mean, &middle.mean);
    middle.question = (double)encoder_vector_cosine(&q->meaning->question.vector, &middle.mean);
    return middle;
}

/* The cosine of question and past one as seen from the middle; 0 if it is one of them. */
static double cosine_from(const struct middle *m, const struct encoder_vector *question,
    const struct encoder_vector *past)
{
    double qm = m->question;
    double pm = (double)encoder_vector_cosine(past, &m->mean);
    double lengths = (1 - 2 * qm + m->square) * (1 - 2 * pm + m->square);
    double dot = (double)encoder_vector_cosine(question, past) - qm - pm + m->square;
    return lengths > 1e-6 ? dot / sqrt(lengths) : 0;
}

static void add_likeness(struct tally *t, const struct signal_question *q)
{
    struct middle middle = find_middle(q);
    for (uint32_t s = 0; s < q->network->n_statements; s++) {
        const struct meaning *past = past_meaning(q, s);
        double likeness =
            past ? cosine_from(&middle, &q->meaning->question.vector, &past->vector) : 0;
        if (likeness > 0)
            tally_add(t, s, likeness, NULL);
    }
}

/* Later ones, too, are far: a measurement may ask in the midst of them. */
static double freshness(const struct signal_question *q, uint32_t statement)
{
    double age_us = (double)(q->now_us - q->network->statements[statement].asked_us);
    return HALF_AGE_US / (HALF_AGE_US + fabs(age_us));
}

/*
 * Where not even the nearest past question is near, nobody's vote counts for much. An old vote
 * counts for less than fresher ones; where there are none, it is as good as any.
 */
static void weigh_votes(struct tally *t, const struct signal_question *q)
{
    double nearest = t->n_touched > 0 ? t->strength[t->touched[0]] : 0;
    double freshest = 0;
    nearest *= nearest;
    for (size_t i = 0; i < t->n_touched; i++)
        freshest = fmax(freshest, freshness(q, t->touched[i]));
    for (size_t i = 0; i < t->n_touched; i++) {
        double *vote = &t->strength[t->touched[i]];
        *vote *= *vote * nearest / (nearest + TRUST_HALF);
        *vote *= freshness(q, t->touched[i]) / freshest;
    }
}

/*
 * Votes (Balog, Azzopardi & de Rijke, SIGIR 2006, model 2): who answered what was like it. A vote
 * is the share of the question's words that the past one has, and its likeness of meaning, squared,
 * the more the fresher it is.
 */
enum err_code signal_find_past(
    const struct signal_question *q, struct signal_hits *hits, struct err *err)
{
    struct tally t;
    if (!tally_init(&t, q))
        return tally_too_large(err);
    double whole = tally_words(&t, q, q->network->answers, (double)EVERYDAY);
    tally_scale(&t, whole > 0 ? 1 / whole : 1);
    if (q->meaning)
        add_likeness(&t, q);
    tally_keep_strongest(&t, MAX_VOTERS);
    weigh_votes(&t, q);
    return tally_hits(&t, q, SCORE_PAST_ANSWER, hits, err);
}
