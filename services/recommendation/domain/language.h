/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which language a text reads as; English is the one that the sentence encoder knows. Pure,
 * stateless.
 */
#pragma once

#include "domain/text.h"
#include "domain/wordnet.h"

/*
 * NULL: English. "German", "French", "Spanish", "Italian", "Portuguese" or "Dutch" by the small
 * words of each; "another language" if too few words are in an English dictionary. A text that can
 * not be judged, because it is short or `wordnet` is NULL, gets the benefit of the doubt.
 */
const char *language_of(const struct wordnet *wordnet, const struct text_words *words);
