/* SPDX-License-Identifier: Apache-2.0 */
#include "db/pgtype.h"
#include "db/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FIELDS = 64, HEADER_SIZE = 19, SIGNATURE_SIZE = 11 };

static const unsigned char signature[SIGNATURE_SIZE] = "PGCOPY\n\377\r\n";

struct copy {
    db_copy_fn *row;
    void *arg;
    bool is_header_read;
    bool is_complete; /* the trailer was seen */
};

static enum err_code malformed(struct err *err)
{
    return err_raise(err, REASON_INTERNAL_ERROR, "the database sent a COPY we can not read");
}

static bool skip_header(const unsigned char **at, const unsigned char *end)
{
    if (end - *at < HEADER_SIZE || memcmp(*at, signature, SIGNATURE_SIZE) != 0)
        return false;
    int32_t extension = pg_get32(*at + HEADER_SIZE - sizeof(int32_t));
    *at += HEADER_SIZE;
    if (extension < 0 || end - *at < extension)
        return false;
    *at += extension;
    return true;
}

static bool read_field(
    const unsigned char **at, const unsigned char *end, struct db_copy_field *out)
{
    if (end - *at < (ptrdiff_t)sizeof(int32_t))
        return false;
    int32_t len = pg_get32(*at);
    *at += sizeof(int32_t);
    if (len > end - *at)
        return false;
    *out = (struct db_copy_field){len < 0 ? NULL : *at, len < 0 ? 0 : (size_t)len};
    *at += out->len;
    return true;
}

/* One row, or the trailer: a field count of -1. */
static enum err_code read_row(
    struct copy *copy, const unsigned char **at, const unsigned char *end, struct err *err)
{
    if (end - *at < (ptrdiff_t)sizeof(int16_t))
        return malformed(err);
    int16_t n = pg_get16(*at);
    *at += sizeof(int16_t);
    if (n == -1) {
        copy->is_complete = true;
        return ERR_OK;
    }
    struct db_copy_field fields[MAX_FIELDS];
    if (n < 0 || n > MAX_FIELDS)
        return malformed(err);
    for (int16_t i = 0; i < n; i++)
        if (!read_field(at, end, &fields[i]))
            return malformed(err);
    return copy->row(fields, (size_t)n, copy->arg, err);
}

/* A message holds whole rows, the first one the header too. */
static enum err_code read_message(
    struct copy *copy, const unsigned char *at, size_t len, struct err *err)
{
    const unsigned char *end = at + len;
    if (!copy->is_header_read && !skip_header(&at, end))
        return malformed(err);
    copy->is_header_read = true;
    while (at < end && !copy->is_complete) {
        enum err_code code = read_row(copy, &at, end, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

static enum err_code read_rows(
    struct db_conn *conn, const char *what, int64_t deadline_us, struct copy *copy, struct err *err)
{
    for (;;) {
        char *message = NULL;
        int len = PQgetCopyData(conn->pg, &message, 1);
        if (len > 0) {
            enum err_code code =
                read_message(copy, (const unsigned char *)message, (size_t)len, err);
            PQfreemem(message);
            if (code != ERR_OK)
                return code;
        } else if (len == 0) { /* libpq has no whole message yet */
            if (!conn_await_input(conn, deadline_us))
                return err_raise(
                    err, REASON_DEADLINE_PASSED, "the deadline passed while reading in bulk");
        } else if (len == -1) {
            return ERR_OK;
        } else {
            return sqlstate_raise(err, conn->pg, NULL, what);
        }
    }
}

static enum err_code copy_out(struct db_conn *conn, const struct db_stmt *stmt, const char *text,
    int64_t deadline_us, struct copy *copy, struct err *err)
{
    if (!PQsendQuery(conn->pg, text))
        return sqlstate_raise(err, conn->pg, NULL, stmt->name);
    if (!conn_await(conn, deadline_us))
        return err_raise(err, REASON_DEADLINE_PASSED, "the deadline passed before the first row");
    CLEANUP(pg_result_clear) PGresult *r = PQgetResult(conn->pg);
    if (PQresultStatus(r) != PGRES_COPY_OUT)
        return sqlstate_raise(err, conn->pg, r, stmt->name);
    enum err_code code = read_rows(conn, stmt->name, deadline_us, copy, err);
    if (code != ERR_OK)
        return code;
    CLEANUP(pg_result_clear) PGresult *done = NULL;
    return conn_finish(conn, stmt->name, deadline_us, &done, err);
}

static enum err_code run(
    struct db_session *s, const struct db_stmt *stmt, struct copy *copy, struct err *err)
{
    int64_t deadline_us = session_deadline_us(s);
    size_t len = strlen(stmt->text);
    while (len > 0 && strchr("; \n", stmt->text[len - 1]))
        len--;
    char *text;
    if (asprintf(&text, "COPY (%.*s) TO STDOUT (FORMAT binary)", (int)len, stmt->text) < 0)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    struct db_conn *conn = s->tx ? s->tx->conn : NULL;
    enum err_code code = session_check(s, err);
    if (code == ERR_OK && !conn)
        code = pool_lease(s->db, deadline_us, &conn, err);
    if (code == ERR_OK) {
        conn->interrupt = s->interrupt;
        code = copy_out(conn, stmt, text, deadline_us, copy, err);
        code = session_outcome(s, code, err);
        if (code != ERR_OK) {
            conn->is_broken = true; /* in the middle of a COPY: cheaper to leave than to drain */
            if (s->tx)
                s->tx->failed = err->reason;
        }
        if (!s->tx)
            pool_release(s->db, conn);
    }
    free(text);
    return code;
}

enum err_code db_copy_out(
    struct db_session *s, const struct db_stmt *stmt, db_copy_fn *row, void *arg, struct err *err)
{
    int64_t started_us = conn_now_us();
    struct copy copy = {.row = row, .arg = arg};
    enum err_code code = run(s, stmt, &copy, err);
    s->db_us += conn_now_us() - started_us;
    if (code == ERR_OK && !copy.is_complete)
        return malformed(err);
    return code;
}
