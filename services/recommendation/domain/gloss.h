/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the dictionary says of the things a short text names: "Luthier" → "a craftsman who makes
 * stringed instruments". It tells the sentence encoder what a rare word is about. Pure, stateless.
 */
#pragma once

#include "domain/wordnet.h"

enum { GLOSS_MAX_BYTES = 1024 };

/*
 * The definitions of the text's nouns, longest names first ("fly fishing" before "fly"), joined by
 * "; " into `out`, at most GLOSS_MAX_BYTES with the NUL. Returns the length; 0: nothing known.
 */
size_t gloss_of(const struct wordnet *wordnet, const char *text, char out[GLOSS_MAX_BYTES]);
