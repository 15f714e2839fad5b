/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ledger: ids of what was acknowledged to a client, one a line, handed to the system before the
 * next step. Any thread may note. What can not be written ends the program.
 */
#pragma once

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct ledger {
    FILE *file;
    pthread_mutex_t lock;
};

static inline struct ledger *ledger_open(const char *file)
{
    struct ledger *ledger = calloc(1, sizeof(*ledger));
    assert(ledger);
    ledger->file = fopen(file, "ae");
    assert(ledger->file);
    (void)pthread_mutex_init(&ledger->lock, NULL);
    return ledger;
}

static inline void ledger_note(struct ledger *ledger, const char *id)
{
    (void)pthread_mutex_lock(&ledger->lock);
    int written = fprintf(ledger->file, "%s\n", id);
    assert(written > 0);
    int failed = fflush(ledger->file);
    assert(failed == 0);
    (void)pthread_mutex_unlock(&ledger->lock);
}

static inline void ledger_close(struct ledger *ledger)
{
    int failed = fclose(ledger->file);
    assert(failed == 0);
    (void)pthread_mutex_destroy(&ledger->lock);
    free(ledger);
}
