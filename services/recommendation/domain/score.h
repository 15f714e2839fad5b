/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The score of a contact for a question: expertise x affinity x availability, after Horowitz &
 * Kamvar, "The anatomy of a large-scale social search engine" (Aardvark), WWW 2010.
 *
 * Only sums, products and quotients of what is stored with a decision, so that it can be computed
 * again, bit for bit, from the record. Pure, stateless.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How evidence speaks for somebody. The numbers are those of kith.v1.Signal. */
enum score_signal {
    SCORE_NO_SIGNAL,
    SCORE_WORDS,
    SCORE_WORDNET,
    SCORE_MEANING,
    SCORE_PAST_ANSWER,
    SCORE_N_SIGNALS
};

/*
 * Every number that is not a measurement: name, value in force, meaning. Fitted on
 * tests/data/topics/train.tsv (expertise) or set by hand (the rest).
 */
// clang-format off
#define SCORE_PARAMETERS(X) \
    X(words_weight, 0.40, "most that shared words alone can make of expertise") \
    X(words_half, 0.30, "shared words, summed, that make half of it") \
    X(wordnet_weight, 0.30, "most that WordNet alone can make of expertise") \
    X(wordnet_half, 0.50, "strength of WordNet's paths, summed, that makes half of it") \
    X(meaning_weight, 0.95, "most that meaning alone can make of expertise") \
    X(meaning_half, 0.15, "likeness of meaning, squared and summed, that makes half of it") \
    X(past_weight, 0.80, "most that past answers alone can make of expertise") \
    X(past_half, 0.50, "votes of similar past questions that make half of it") \
    X(floor, 0.25, "expertise below which a contact does not fit") \
    X(floor_words, 0.045, "the same without an encoder, by words and WordNet alone") \
    X(affinity_base, 0.70, "affinity to somebody of whom nothing is known but the name") \
    X(affinity_connected, 0.15, "what being connected here adds") \
    X(affinity_known, 0.10, "what having known her very long adds") \
    X(affinity_common, 0.05, "what having very much in common adds") \
    X(known_half_years, 3.0, "years of acquaintance that add half of it") \
    X(common_half, 1.0, "rarity of shared facts, summed, that adds half of it") \
    X(waiting_cost, 0.50, "how much one unanswered question of yours weighs against another") \
    X(passed_cost, 0.25, "how much one question she passed on weighs against another")
// clang-format on

struct score_parameters {
#define SCORE_MEMBER(name, value, meaning) double name;
    SCORE_PARAMETERS(SCORE_MEMBER)
#undef SCORE_MEMBER
};

extern const struct score_parameters score_defaults;

/* One parameter by number, for the record; name NULL after the last. */
struct score_parameter_info {
    const char *name;
    const char *meaning;
};
struct score_parameter_info score_parameter_info(uint32_t number);
double score_parameter(const struct score_parameters *p, uint32_t number);

/* False if there is no parameter of this name. */
bool score_set_parameter(struct score_parameters *p, const char *name, double value);

/* What was measured of one contact. */
struct score_inputs {
    double signal[SCORE_N_SIGNALS]; /* strength of the evidence, summed; 0 or more */
    double is_connected;            /* 1 or 0 */
    double years_known;             /* 0: unknown */
    double common;
    double waiting;
    double passed;
};

struct score {
    double expertise; /* 0 to 1 */
    double affinity;
    double availability;
    double total; /* their product */
};

struct score score_compute(const struct score_parameters *p, const struct score_inputs *in);

/* The part of the expertise that one signal makes, between 0 and its weight. */
double score_signal_part(
    const struct score_parameters *p, enum score_signal signal, double strength);

/* "words", "wordnet" … as in the record. */
const char *score_signal_name(enum score_signal signal);
