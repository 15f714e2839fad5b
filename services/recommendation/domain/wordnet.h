/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WordNet 3.0 (Miller 1995) as a graph in memory: what a word may mean, and which way leads from a
 * question's word to another word (snorkeling, a kind of skin diving, a kind of swimming).
 *
 * Pure: reads the database files that somebody else has mapped (wndb(5WN)), writes caller's memory.
 * Read-only after wordnet_new() and shared by all threads. About 4 MB beside the files.
 */
#pragma once

#include "arena/arena.h"
#include "err/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wordnet_pos { WORDNET_NOUN, WORDNET_VERB, WORDNET_ADJ, WORDNET_ADV, WORDNET_N_POS };

struct wordnet_file {
    const char *data;
    size_t len;
};

/* index.noun, data.noun, noun.exc and so on. An exception list may be empty. */
struct wordnet_files {
    struct wordnet_file index[WORDNET_N_POS];
    struct wordnet_file data[WORDNET_N_POS];
    struct wordnet_file exceptions[WORDNET_N_POS];
};

struct wordnet;

/* The files must stay as they are until wordnet_free(). CONFIG_INVALID names the one at fault. */
MUST_USE enum err_code wordnet_new(
    const struct wordnet_files *files, struct wordnet **out, struct err *err);
void wordnet_free(struct wordnet *wordnet);

/* One thing a word may stand for. */
struct wordnet_form {
    uint32_t synset;
    float weight; /* 1: first sense of the word itself; less for rarer senses and related words */
    bool is_related; /* reached through a word of the same origin */
};

enum { WORDNET_MAX_FORMS = 48 };

/*
 * What `word` ("swimmers", "skin_diving", in any inflection) stands for: its senses, and the senses
 * of the words it is derived from or that are derived from it (swimmer, swim, swimming). Each
 * synset once, strongest first. Returns their number, 0 for an unknown word.
 */
size_t wordnet_forms(
    const struct wordnet *wordnet, const char *word, struct wordnet_form out[WORDNET_MAX_FORMS]);

/* In how many senses the dictionary knows the word, over all parts of speech. */
size_t wordnet_count_senses(const struct wordnet *wordnet, const char *word);

/* How one concept follows from another. */
enum wordnet_step {
    WORDNET_STEP_START,    /* a sense of the word itself */
    WORDNET_STEP_RELATED,  /* a word of the same origin: swim, swimmer */
    WORDNET_STEP_KIND_OF,  /* snorkeling is a kind of skin diving */
    WORDNET_STEP_HAS_KIND, /* an instrument may be a guitar */
    WORDNET_STEP_PART_OF,  /* a keyboard is part of a piano */
    WORDNET_STEP_FIELD,    /* a goalkeeper belongs to football */
    WORDNET_STEP_NEAR,     /* similar adjectives, verbs of one group */
    WORDNET_N_STEPS
};

/* A concept that was reached from a word. */
struct wordnet_reach {
    uint32_t synset;
    float weight;  /* 0 to 1 */
    uint32_t from; /* index of the concept before it; its own index for a start */
    enum wordnet_step step;
};

enum { WORDNET_MAX_REACH = 1024 };

/*
 * Spread activation (Collins & Loftus 1975) from a word: concepts reached with at least `floor` of
 * its strength, strongest first, in `arena`. Every step costs; so does passing through a general
 * concept; a way never turns upwards again after it went down. REQUEST_TOO_LARGE if the arena is
 * full.
 */
MUST_USE enum err_code wordnet_spread(const struct wordnet *wordnet, const char *word, float floor,
    struct arena *arena, struct wordnet_reach **out, size_t *n, struct err *err);

/* The concept's first word, "skin diving"; in `arena`, NULL if that is full. */
const char *wordnet_label(const struct wordnet *wordnet, uint32_t synset, struct arena *arena);

/*
 * The dictionary's definition of a noun's most usual sense, "someone who makes or repairs locks";
 * also of one in the plural, or of several words joined by '_'. Returns its length, 0 for an
 * unknown noun; `out` points into the dictionary and does not end with NUL.
 */
size_t wordnet_define(const struct wordnet *wordnet, const char *noun, const char **out);
