/* SPDX-License-Identifier: Apache-2.0 */
#include "db/conn.h"

#include <stdio.h>
#include <string.h>

/* A prefix of the SQLSTATE decides; the first row that fits. */
static const struct {
    const char *prefix;
    enum err_reason reason;
    const char *msg;
} rows[] = {
    {"40001", REASON_TRANSACTION_CONFLICT, "the change collided with another one"},
    {"40P01", REASON_TRANSACTION_CONFLICT, "the change and another one waited for each other"},
    {"55P03", REASON_TRANSACTION_CONFLICT, "another change held the rows for too long"},
    {"23505", REASON_TRANSACTION_CONFLICT, "another change made the same thing first"},
    {"57014", REASON_DEADLINE_PASSED, "the deadline passed while the database was at work"},
    {"25P03", REASON_DEADLINE_PASSED, "the transaction was left idle past its deadline"},
    {"25006", REASON_DATABASE_UNAVAILABLE, "the database takes no changes: it is a standby"},
    {"08", REASON_DATABASE_UNAVAILABLE, "the connection to the database broke"},
    {"28", REASON_DATABASE_UNAVAILABLE, "the database refused this service's role or password"},
    {"3D", REASON_DATABASE_UNAVAILABLE, "the database named in the settings does not exist"},
    {"53", REASON_DATABASE_UNAVAILABLE, "the database is out of connections, memory or disk"},
    {"57P", REASON_DATABASE_UNAVAILABLE, "the database is starting, stopping or restarting"},
    {"58", REASON_DATABASE_UNAVAILABLE, "the database's machine failed it"},
};

enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Data and constraint errors quote values; of them only the names of things are logged. */
static bool quotes_values(const char *sqlstate)
{
    return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0;
}

/* " table=member": nothing if the server named none. */
static void add_name(char *out, size_t size, const PGresult *r, const char *what, int code)
{
    const char *name = PQresultErrorField(r, code);
    size_t used = strlen(out);
    if (name)
        (void)snprintf(out + used, size - used, " %s=%s", what, name);
}

static void add_detail(struct err *err, const PGresult *r, const char *sqlstate, const char *what)
{
    char names[256] = "";
    add_name(names, sizeof(names), r, "table", PG_DIAG_TABLE_NAME);
    add_name(names, sizeof(names), r, "column", PG_DIAG_COLUMN_NAME);
    add_name(names, sizeof(names), r, "constraint", PG_DIAG_CONSTRAINT_NAME);
    const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    err_detail(err, "SQLSTATE %s in %s: %s%s", sqlstate, what,
        text && !quotes_values(sqlstate) ? text : "", names);
}

enum err_code sqlstate_raise(struct err *err, const PGconn *pg, const PGresult *r, const char *what)
{
    const char *sqlstate = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    if (!sqlstate) { /* libpq's own: no server said this */
        enum err_code code =
            PQstatus(pg) == CONNECTION_BAD
                ? err_raise(
                      err, REASON_DATABASE_UNAVAILABLE, "the connection to the database failed")
                : err_raise(err, REASON_INTERNAL_ERROR, "the database could not be asked");
        err_detail(
            err, "%s: %.*s", what, (int)strcspn(PQerrorMessage(pg), "\n"), PQerrorMessage(pg));
        return code;
    }
    for (int i = 0; i < N_ROWS; i++) {
        if (strncmp(sqlstate, rows[i].prefix, strlen(rows[i].prefix)) == 0) {
            enum err_code code = err_raise(err, rows[i].reason, "%s", rows[i].msg);
            add_detail(err, r, sqlstate, what);
            return code;
        }
    }
    enum err_code code = err_raise(
        err, REASON_INTERNAL_ERROR, "the database refused a statement; the log says which");
    add_detail(err, r, sqlstate, what);
    return code;
}
