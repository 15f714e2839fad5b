/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stored vectors of texts, found by a hash of the text. The text itself is not stored with them.
 */
#pragma once

#include "db/db.h"
#include "domain/meaning.h"

enum { MEANINGS_HASH_SIZE = 32 };

struct meanings_text {
    uint8_t hash[MEANINGS_HASH_SIZE];
    bool is_found;
    struct meaning meaning;
};

/* A question and evidence of the same words are different texts. */
void meanings_store_hash(const char *text, bool is_question, struct meanings_text *out);

/* Fills in the meanings that are stored and sets is_found, for at most 500 texts. */
MUST_USE enum err_code meanings_store_load(
    struct db *db, const char *model, struct meanings_text *texts, size_t n, struct err *err);

/* At most 500 texts. */
MUST_USE enum err_code meanings_store_save(
    struct db *db, const char *model, const struct meanings_text *texts, size_t n, struct err *err);
