/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Meanings: the vectors of all evidence in memory, each distinct text once. A thread of its own
 * reads them from the database, or encodes what is new and stores it. Until a text's turn has come
 * it routes by its words. All functions may be called from any thread.
 */
#pragma once

#include "db/db.h"
#include "domain/bank.h"
#include "domain/network.h"

struct meanings;
struct meaning_slot; /* one text; shared by all networks that have it */

/* Told whenever the number of texts that wait changed much. */
typedef void meanings_progress_fn(void *arg, size_t n_waiting);

struct meanings_config {
    struct db *db;
    const struct encoder *encoder;  /* outlives the meanings */
    const struct bank *bank;        /* outlives them too; NULL: made by the thread, in seconds */
    const struct wordnet *wordnet;  /* may be NULL; outlives the meanings */
    meanings_progress_fn *progress; /* may be NULL */
    void *progress_arg;
};

MUST_USE enum err_code meanings_new(
    struct meanings **out, const struct meanings_config *config, struct err *err);

/* Ends the thread: no progress is told any more, no text gets its turn. NULL is fine. */
void meanings_stop(struct meanings *meanings);

/* All slots must be given back before. NULL is fine. */
void meanings_free(struct meanings *meanings);

/* The slots of a network's statements, in their order; NULL without memory. */
struct meaning_slot **meanings_attach(struct meanings *meanings, const struct network *network);
void meanings_detach(struct meanings *meanings, struct meaning_slot **slots, size_t n);

/* NULL: its turn has not come. Stays as long as the slot is attached. */
const struct meaning *meanings_get(const struct meaning_slot *slot);

/* The vector of a question; false while the encoder warms up, or without memory. */
bool meanings_of_question(
    struct meanings *meanings, const char *question, struct meaning_question *out);

/* Texts that wait for their turn. */
size_t meanings_count_waiting(struct meanings *meanings);
