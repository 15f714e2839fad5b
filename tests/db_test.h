/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests with a database: connect to the one tests/with-postgres gave us, run ad-hoc SQL.
 * A failure fails the running test.
 */
#pragma once

#include "db/db.h"
#include "unit_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As `user` (NULL: the superuser), application_name `app`. Close with db_close(). */
static inline struct db_config test_db_config(const char *user, const char *app, int64_t pool)
{
    static _Thread_local char conninfo[8][256];
    static _Thread_local int next;
    char *text = conninfo[next++ % 8];
    (void)snprintf(text, sizeof(conninfo[0]), "host=%s dbname=%s user=%s", getenv("PGHOST"),
        getenv("PGDATABASE"), user ? user : getenv("PGUSER"));
    return (struct db_config){
        .conninfo = text, .app_name = app, .pool_size = pool, .allow_unsafe = true};
}

static inline struct db *test_db_open(const char *user, const char *app, int64_t pool)
{
    struct db_config config = test_db_config(user, app, pool);
    struct err err = {0};
    struct db *db = NULL;
    assert_ok(db_open(&db, &config, 5000, &err), &err);
    return db;
}

/* Prepared statements refer to their texts for ever; so they are kept, each once. */
static inline const struct db_stmt *test_stmt(const char *text, int n_params)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct db_stmt kept[256];
    static char names[256][16];
    (void)pthread_mutex_lock(&lock);
    size_t i = 0;
    while (kept[i].text && strcmp(kept[i].text, text) != 0)
        i++;
    assert_true(i < 255);
    if (!kept[i].text) {
        (void)snprintf(names[i], sizeof(names[i]), "test.%zu", i);
        char *copy = strdup(text);
        assert_non_null(copy);
        kept[i] = (struct db_stmt){names[i], copy, n_params, false};
    }
    (void)pthread_mutex_unlock(&lock);
    return &kept[i];
}

/* The one row of a statement without parameters. */
static inline void test_sql_in(struct db_session *s, const char *text, struct db_result **out)
{
    struct err err = {0};
    assert_ok(db_query(s, test_stmt(text, 0), NULL, out, &err), &err);
}

static inline void test_sql(struct db *db, const char *text)
{
    struct db_session s = db_session(db, 0);
    struct db_result *r = NULL;
    test_sql_in(&s, text, &r);
    db_result_clear(&r);
}

static inline int64_t test_sql_int(struct db *db, const char *text)
{
    struct db_session s = db_session(db, 0);
    struct db_result *r = NULL;
    test_sql_in(&s, text, &r);
    assert_int_equal(db_rows(r), 1);
    int64_t n = db_get_int(r, 0, 0);
    db_result_clear(&r);
    return n;
}
