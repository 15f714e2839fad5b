/* SPDX-License-Identifier: Apache-2.0 */
#include "meanings_store.h"

#include "recommendation_sql.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum { MAX_TEXTS = 500, TIMEOUT_US = 30 * 1000000 };

static_assert((int)MEANINGS_HASH_SIZE == (int)crypto_generichash_BYTES, "BLAKE2b-256");
static_assert(sizeof(struct encoder_vector) == 516, "the stored form has no gaps");

void meanings_store_hash(const char *text, bool is_question, struct meanings_text *out)
{
    static const unsigned char kinds[2] = {'e', 'q'};
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof(out->hash));
    (void)crypto_generichash_update(&state, &kinds[is_question], 1);
    (void)crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
    (void)crypto_generichash_final(&state, out->hash, sizeof(out->hash));
    out->is_found = false;
}

static struct db_session session_of(struct db *db)
{
    return db_session(db, clock_mono_us(clock_system()) + TIMEOUT_US);
}

static void take_row(const struct db_result *r, size_t row, struct meanings_text *texts, size_t n)
{
    enum { HASH, VECTOR, HUBNESS };
    struct db_bytes hash = db_get_bytes(r, row, HASH);
    struct db_bytes vector = db_get_bytes(r, row, VECTOR);
    for (size_t i = 0; i < n; i++) {
        if (hash.len != sizeof(texts[i].hash) || vector.len != sizeof(struct encoder_vector) ||
            memcmp(hash.data, texts[i].hash, hash.len) != 0)
            continue;
        memcpy(&texts[i].meaning.vector, vector.data, vector.len);
        texts[i].meaning.hubness = (float)db_get_float(r, row, HUBNESS);
        texts[i].is_found = true;
    }
}

enum err_code meanings_store_load(
    struct db *db, const char *model, struct meanings_text *texts, size_t n, struct err *err)
{
    struct db_bytes hashes[MAX_TEXTS];
    struct db_session s = session_of(db);
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    assert(n <= MAX_TEXTS);
    for (size_t i = 0; i < n; i++)
        hashes[i] = (struct db_bytes){texts[i].hash, sizeof(texts[i].hash)};
    enum err_code code =
        recommendation_sql_list_meanings(&s, &r, err, db_text(model), db_bytes_array(hashes, n));
    for (size_t row = 0; code == ERR_OK && row < db_rows(r); row++)
        take_row(r, row, texts, n);
    return code;
}

enum err_code meanings_store_save(
    struct db *db, const char *model, const struct meanings_text *texts, size_t n, struct err *err)
{
    struct db_bytes hashes[MAX_TEXTS], vectors[MAX_TEXTS];
    double hubness[MAX_TEXTS];
    struct db_session s = session_of(db);
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    assert(n <= MAX_TEXTS);
    for (size_t i = 0; i < n; i++) {
        hashes[i] = (struct db_bytes){texts[i].hash, sizeof(texts[i].hash)};
        vectors[i] = (struct db_bytes){&texts[i].meaning.vector, sizeof(texts[i].meaning.vector)};
        hubness[i] = (double)texts[i].meaning.hubness;
    }
    return recommendation_sql_insert_meanings(&s, &r, err, db_text(model),
        db_bytes_array(hashes, n), db_bytes_array(vectors, n), db_float_array(hubness, n));
}
