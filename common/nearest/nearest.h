/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nearest: which of the known words did somebody mean who mistyped one? Show it the words one by
 * one, then ask. Callable from any thread; allocates nothing.
 *
 *     struct nearest n = nearest_to("contcats");
 *     for (…) nearest_consider(&n, command->name);
 *     if (n.word != NULL) …did you mean n.word?
 */
#pragma once

#include <stddef.h>

struct nearest {
    const char *typed;
    const char *word; /* the closest so far, borrowed; NULL: none is close enough */
    size_t edits;     /* between the two, or the first number that is too many */
};

/* `typed` is borrowed. Close enough: one edit in three characters, at least one, case aside. */
struct nearest nearest_to(const char *typed);
void nearest_consider(struct nearest *n, const char *word);
