/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a text is in English, the one language the sentence encoder knows. Pure, stateless.
 */
#pragma once

#include "domain/text.h"
#include "domain/wordnet.h"

/*
 * False if too few of its words are in an English dictionary. A text of fewer than four words, or
 * one that can not be looked up because `wordnet` is NULL, gets the benefit of the doubt.
 */
bool language_is_english(const struct wordnet *wordnet, const struct text_words *words);
