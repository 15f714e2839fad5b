/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alike: how much two questions are one, by their words. One question is compared with many. Pure;
 * one thread at a time.
 */
#pragma once

#include "domain/text.h"

struct alike;

/* Free with alike_free(), before the arena ends. */
MUST_USE enum err_code alike_new(
    const char *question, struct arena *arena, struct alike **out, struct err *err);
void alike_free(struct alike *alike);

/*
 * Share of the stems of both that they have in common (Jaccard): 1: the same but for order,
 * endings, case and little words; 0 if one has nothing but little words.
 */
MUST_USE enum err_code alike_compare(
    struct alike *alike, const char *other, double *out, struct err *err);
