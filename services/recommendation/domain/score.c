/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/score.h"

#include <stddef.h>
#include <string.h>

const struct score_parameters score_defaults = {
#define SCORE_VALUE(name, value, meaning) .name = (value),
    SCORE_PARAMETERS(SCORE_VALUE)
#undef SCORE_VALUE
};

static const struct {
    struct score_parameter_info info;
    size_t offset;
} parameters[] = {
#define SCORE_ROW(name, value, meaning) {{#name, meaning}, offsetof(struct score_parameters, name)},
    SCORE_PARAMETERS(SCORE_ROW)
#undef SCORE_ROW
};

enum { N_PARAMETERS = sizeof(parameters) / sizeof(parameters[0]) };

struct score_parameter_info score_parameter_info(uint32_t number)
{
    return number < N_PARAMETERS ? parameters[number].info : (struct score_parameter_info){0};
}

double score_parameter(const struct score_parameters *p, uint32_t number)
{
    double value = 0;
    if (number < N_PARAMETERS)
        memcpy(&value, (const char *)p + parameters[number].offset, sizeof(value));
    return value;
}

bool score_set_parameter(struct score_parameters *p, const char *name, double value)
{
    for (uint32_t i = 0; i < N_PARAMETERS; i++)
        if (strcmp(parameters[i].info.name, name) == 0) {
            memcpy((char *)p + parameters[i].offset, &value, sizeof(value));
            return true;
        }
    return false;
}

const char *score_signal_name(enum score_signal signal)
{
    static const char *const names[SCORE_N_SIGNALS] = {
        "", "words", "wordnet", "meaning", "past answers"};
    return (unsigned)signal < SCORE_N_SIGNALS ? names[signal] : "";
}

/* Grows ever slower, as term frequency does in BM25: the tenth like fact tells little new. */
static double saturated(double x, double half)
{
    return x > 0 ? x / (x + half) : 0;
}

double score_signal_part(
    const struct score_parameters *p, enum score_signal signal, double strength)
{
    switch (signal) {
    case SCORE_WORDS:
        return p->words_weight * saturated(strength, p->words_half);
    case SCORE_WORDNET:
        return p->wordnet_weight * saturated(strength, p->wordnet_half);
    case SCORE_MEANING:
        return p->meaning_weight * saturated(strength, p->meaning_half);
    case SCORE_PAST_ANSWER:
        return p->past_weight * saturated(strength, p->past_half);
    case SCORE_NO_SIGNAL:
    case SCORE_N_SIGNALS:
        break;
    }
    return 0;
}

/* Signals are taken for independent witnesses, each of whom may be wrong: noisy or (Pearl,
 * Probabilistic Reasoning in Intelligent Systems, 1988). */
static double expertise(const struct score_parameters *p, const struct score_inputs *in)
{
    double unknowing = 1.0;
    for (int signal = 0; signal < SCORE_N_SIGNALS; signal++)
        unknowing *= 1.0 - score_signal_part(p, (enum score_signal)signal, in->signal[signal]);
    return 1.0 - unknowing;
}

/* Duration and common ground are what predicts tie strength best of all that we can see (Gilbert &
 * Karahalios, CHI 2009). */
static double affinity(const struct score_parameters *p, const struct score_inputs *in)
{
    return p->affinity_base + p->affinity_connected * in->is_connected +
           p->affinity_known * saturated(in->years_known, p->known_half_years) +
           p->affinity_common * saturated(in->common, p->common_half);
}

/* Load already sent (Aardvark §4.3). */
static double availability(const struct score_parameters *p, const struct score_inputs *in)
{
    return 1.0 / (1.0 + p->waiting_cost * in->waiting + p->passed_cost * in->passed);
}

struct score score_compute(const struct score_parameters *p, const struct score_inputs *in)
{
    struct score s = {.expertise = expertise(p, in),
        .affinity = affinity(p, in),
        .availability = availability(p, in)};
    s.total = s.expertise * s.affinity * s.availability;
    return s;
}
