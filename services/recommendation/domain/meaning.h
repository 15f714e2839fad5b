/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of questions and of evidence. "Luthier" alone is little for an encoder of sentences:
 * evidence is said in several ways, and with what the dictionary says of it, and the mean taken; a
 * question likewise. Then both are aligned: see alignment.h. Pure; a thread needs a scratch of its
 * own.
 */
#pragma once

#include "domain/hubness.h"
#include "domain/wordnet.h"

/* Raised when the phrases change that a text is said in. */
#define MEANING_WAY "2"

struct meaning_encoder {
    const struct encoder *encoder;
    struct encoder_scratch *scratch;
    const struct wordnet *wordnet; /* NULL: without definitions */
    struct hubness_bank questions; /* aligned; what evidence is near to anyway */
    struct hubness_bank people;    /* aligned; what a question is near to anyway */
};

/* What is kept of one evidence text. 520 bytes. */
struct meaning {
    struct encoder_vector vector;
    float hubness; /* 0 for past questions */
};

struct meaning_question {
    struct encoder_vector vector; /* to compare with other questions */
    struct encoder_vector sought; /* to compare with evidence */
    float hubness;
};

enum { MEANING_MAX_BYTES = 1000 }; /* of a text; the rest is not read */

void meaning_of_evidence(
    const struct meaning_encoder *encoder, const char *text, struct meaning *out);

void meaning_of_question(
    const struct meaning_encoder *encoder, const char *text, struct meaning_question *out);

/* The vectors before they are aligned. */
void meaning_say_evidence(
    const struct meaning_encoder *encoder, const char *text, float out[ENCODER_DIM]);
void meaning_say_question(
    const struct meaning_encoder *encoder, const char *text, float out[ENCODER_DIM]);

/* Likeness of a question and evidence, corrected for hubs on both sides: what does not belong
 * together has 0, what does about 0.5 to 1. */
float meaning_likeness(const struct meaning_question *question, const struct meaning *evidence);
