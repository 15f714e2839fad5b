/* SPDX-License-Identifier: Apache-2.0 */
#include "db/conn.h"
#include "db/pgtype.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Rows that follow one another: all there are, or those of one caller. */
struct db_result {
    struct rows *of;
    size_t first, n;
};

/* What libpq gave, for as long as somebody reads a part of it. */
struct rows {
    PGresult *pg;
    atomic_size_t n_readers;
    struct db_result parts[];
};

static struct rows *new_rows(PGresult *r, size_t n)
{
    struct rows *rows = malloc(sizeof(*rows) + n * sizeof(struct db_result));
    if (!rows) {
        PQclear(r);
        return NULL;
    }
    rows->pg = r;
    atomic_init(&rows->n_readers, n);
    return rows;
}

enum err_code result_from_pg(PGresult *r, struct db_result **out, struct err *err)
{
    struct rows *rows = new_rows(r, 1);
    if (!rows)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    rows->parts[0] = (struct db_result){rows, 0, (size_t)PQntuples(r)};
    *out = &rows->parts[0];
    return ERR_OK;
}

static size_t ord_of(const PGresult *r, size_t row)
{
    return (size_t)pg_get64(PQgetvalue(r, (int)row, PQnfields(r) - 1));
}

enum err_code result_split(PGresult *r, size_t n, struct db_result **out, struct err *err)
{
    struct rows *rows = new_rows(r, n);
    if (!rows)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    size_t row = 0, n_rows = (size_t)PQntuples(r);
    for (size_t i = 0; i < n; i++) {
        size_t first = row;
        while (row < n_rows && ord_of(r, row) == i + 1)
            row++;
        rows->parts[i] = (struct db_result){rows, first, row - first};
        out[i] = &rows->parts[i];
    }
    assert(row == n_rows); /* a keyed statement is ordered by k.ord */
    return ERR_OK;
}

static const PGresult *pg(const struct db_result *r)
{
    return r->of->pg;
}

/* libpq's number of a row. */
static int at(const struct db_result *r, size_t row)
{
    assert(row < r->n);
    return (int)(r->first + row);
}

bool result_can_read(Oid type)
{
    static const Oid readable[] = {PG_BOOL, PG_BYTEA, PG_NAME, PG_INT8, PG_INT2, PG_INT4, PG_TEXT,
        PG_JSON, PG_FLOAT4, PG_FLOAT8, PG_BPCHAR, PG_VARCHAR, PG_TIMESTAMPTZ, PG_VOID, PG_UUID};
    for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
        if (readable[i] == type)
            return true;
    return type >= PG_FIRST_USER_OID;
}

/* The value, or NULL for SQL NULL; `types` are those the caller can read. */
static const char *value(const struct db_result *r, size_t row, int col, const Oid *types, int n)
{
    assert(col >= 0 && col < PQnfields(pg(r)));
    Oid type = PQftype(pg(r), col);
    bool is_readable = false;
    for (int i = 0; i < n; i++)
        is_readable = is_readable || types[i] == type;
    assert(is_readable);
    return db_is_null(r, row, col) ? NULL : PQgetvalue(pg(r), at(r, row), col);
}

#define VALUE(r, row, col, ...)                          \
    value((r), (row), (col), (const Oid[]){__VA_ARGS__}, \
        (int)(sizeof((const Oid[]){__VA_ARGS__}) / sizeof(Oid)))

void db_result_clear(struct db_result **r)
{
    struct rows *rows = *r ? (*r)->of : NULL;
    *r = NULL;
    if (!rows || atomic_fetch_sub(&rows->n_readers, 1) > 1)
        return;
    PQclear(rows->pg);
    free(rows);
}

size_t db_rows(const struct db_result *r)
{
    return r ? r->n : 0;
}

bool db_is_null(const struct db_result *r, size_t row, int col)
{
    return PQgetisnull(pg(r), at(r, row), col) != 0;
}

const char *db_get_text(const struct db_result *r, size_t row, int col)
{
    Oid type = PQftype(pg(r), col);
    Oid enum_type = type >= PG_FIRST_USER_OID ? type : PG_TEXT;
    const char *v = VALUE(r, row, col, PG_TEXT, PG_VARCHAR, PG_JSON, PG_NAME, PG_BPCHAR, enum_type);
    return v ? v : "";
}

struct db_bytes db_get_bytes(const struct db_result *r, size_t row, int col)
{
    const char *v = VALUE(r, row, col, PG_BYTEA);
    return (struct db_bytes){v, v ? (size_t)PQgetlength(pg(r), at(r, row), col) : 0};
}

struct id db_get_id(const struct db_result *r, size_t row, int col)
{
    struct id id = {{0}};
    const char *v = VALUE(r, row, col, PG_UUID);
    if (v)
        memcpy(&id, v, sizeof(id));
    return id;
}

int64_t db_get_int(const struct db_result *r, size_t row, int col)
{
    const char *v = VALUE(r, row, col, PG_INT8, PG_INT4, PG_INT2);
    if (!v)
        return 0;
    switch (PQgetlength(pg(r), at(r, row), col)) {
    case sizeof(int64_t):
        return pg_get64(v);
    case sizeof(int32_t):
        return pg_get32(v);
    default:
        return pg_get16(v);
    }
}

double db_get_float(const struct db_result *r, size_t row, int col)
{
    const char *v = VALUE(r, row, col, PG_FLOAT8, PG_FLOAT4);
    if (!v)
        return 0;
    if (PQgetlength(pg(r), at(r, row), col) == sizeof(float)) {
        int32_t bits = pg_get32(v);
        float x;
        memcpy(&x, &bits, sizeof(x));
        return (double)x;
    }
    int64_t bits = pg_get64(v);
    double x;
    memcpy(&x, &bits, sizeof(x));
    return x;
}

bool db_get_bool(const struct db_result *r, size_t row, int col)
{
    const char *v = VALUE(r, row, col, PG_BOOL);
    return v && *v;
}

int64_t db_get_time(const struct db_result *r, size_t row, int col)
{
    const char *v = VALUE(r, row, col, PG_TIMESTAMPTZ);
    if (!v)
        return 0;
    int64_t us = pg_get64(v);
    bool is_infinite = us == INT64_MIN || us > INT64_MAX - PG_EPOCH_US;
    return is_infinite ? us : us + PG_EPOCH_US;
}

char *db_dup_text(struct arena *arena, const struct db_result *r, size_t row, int col)
{
    const char *text = db_get_text(r, row, col);
    return db_is_null(r, row, col) ? NULL : arena_strdup(arena, text);
}
