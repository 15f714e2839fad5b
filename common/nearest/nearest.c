/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { LONGEST_WORD = 63 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment: Levenshtein's edits plus the swap of two neighbours, the commonest slip
 * of a typing hand. Three rows of the matrix are kept. */
static size_t edits_between(const char *a, const char *b)
{
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];
    size_t n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        above[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = least(
                above[j] + 1, row[j - 1] + 1, above[j - 1] + (is_same(a[i - 1], b[j - 1]) ? 0 : 1));
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1, row[j]);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[n];
}

struct nearest nearest_to(const char *typed)
{
    size_t allowed = strlen(typed) / 3;
    return (struct nearest){.typed = typed, .edits = (allowed == 0 ? 1 : allowed) + 1};
}

void nearest_consider(struct nearest *n, const char *word)
{
    if (strlen(n->typed) > LONGEST_WORD || strlen(word) > LONGEST_WORD)
        return;
    size_t edits = edits_between(n->typed, word);
    if (edits < n->edits) {
        n->edits = edits;
        n->word = word;
    }
}
