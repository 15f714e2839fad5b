/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance that a seed repeats (xorshift64, Marsaglia 2003), and numbers a test is told by variables
 * of its environment, such as that seed. A state is never 0.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>

static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* 0 to n - 1. */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(random_next(state) >> 33) % n;
}

static inline uint64_t random_told(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : otherwise;
}
