/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server without NNG and without truth: a test decides what it answers to each message.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { LIAR_BUFFER_SIZE = 2 << 20 };

/* Fill in the reply to a message of a client; returns its length, 0: none. On the liar's thread. */
typedef size_t liar_answer_fn(
    void *arg, const uint8_t *message, size_t len, uint8_t reply[LIAR_BUFFER_SIZE]);

struct liar;

/* Serves one connection at a time. */
struct liar *liar_start(liar_answer_fn *answer, void *arg);
const char *liar_url(const struct liar *liar);
void liar_stop(struct liar *liar);
