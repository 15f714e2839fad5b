/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explanations: sentences for people out of what the engine found. Stateless; strings in the arena,
 * NULL if that is full.
 */
#pragma once

#include "domain/route.h"

/* Fills text, path and reason of the evidence behind a hit; false if the arena is full. */
bool explain_hit(
    const struct signal_question *q, const struct signal_hit *hit, struct route_evidence *out);

/* How the affinity or availability came about: "connected here, known for 6 years". */
const char *explain_affinity(const struct score_inputs *in, struct arena *arena);
const char *explain_availability(const struct score_inputs *in, struct arena *arena);
const char *explain_expertise(const struct route_candidate *c, struct arena *arena);

/* "snorkeling: a kind of skin diving", or that a word says nothing to us. */
const char *explain_term(
    const struct wordnet *wordnet, const struct term *term, struct arena *arena);
