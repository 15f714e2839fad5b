/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_db THREADS SECONDS [read|write]: rate of db_query for one row by primary key, or of one
 * INSERT, by so many threads at once. Run it by tests/with-postgres --durable.
 */
#include "db_test.h"

#include <stdatomic.h>
#include <sys/resource.h>

enum { ROWS = 100000, US_PER_S = 1000000, MAX_THREADS = 256 };

static struct db *db;
static int64_t end_us;
static _Atomic int64_t n_calls;
static _Atomic int64_t slowest_us;
static struct db_stmt stmt = {
    "bench.get", "SELECT id, n, text FROM item WHERE id = $1::int8", 1, true};

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

static void *run(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    int64_t n = 0;
    for (int64_t before_us = now_us(); before_us < end_us; n++) {
        struct db_session s = db_session(db, 0);
        struct err err = {0};
        struct db_result *r = NULL;
        const struct db_param params[] = {db_int(rand_r(&seed) % ROWS)};
        if (db_query(&s, &stmt, params, &r, &err) != ERR_OK) {
            (void)fprintf(stderr, "%s %s\n", err.msg, err.detail);
            abort();
        }
        db_result_clear(&r);
        int64_t after_us = now_us();
        if (after_us - before_us > atomic_load_explicit(&slowest_us, memory_order_relaxed))
            atomic_store_explicit(&slowest_us, after_us - before_us, memory_order_relaxed);
        before_us = after_us;
    }
    atomic_fetch_add(&n_calls, n);
    return NULL;
}

static int64_t cpu_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * US_PER_S + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static void choose_statement(const char *mode)
{
    if (strcmp(mode, "write") == 0)
        stmt = (struct db_stmt){"bench.put", "INSERT INTO log (n) VALUES ($1::int8)", 1, false};
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 4)
        return 2;
    size_t n_threads = strtoul(argv[1], NULL, 10);
    const char *mode = argc == 4 ? argv[3] : "read";
    if (n_threads < 1 || n_threads > MAX_THREADS)
        return 2;
    choose_statement(mode);
    db = test_db_open(NULL, "bench", getenv("POOL") ? strtol(getenv("POOL"), NULL, 10) : 16);
    test_sql(db, "DROP TABLE IF EXISTS item, log");
    test_sql(db, "CREATE TABLE item (id int8 PRIMARY KEY, n int8, text text)");
    test_sql(db, "CREATE TABLE log (n int8)");
    test_sql(
        db, "INSERT INTO item SELECT i, i, repeat('x', 84) FROM generate_series(0, 99999) AS i");
    test_sql(db, "VACUUM ANALYZE item");

    pthread_t threads[MAX_THREADS];
    int64_t started_us = now_us();
    int64_t cpu_before_us = cpu_us();
    end_us = started_us + strtol(argv[2], NULL, 10) * US_PER_S;
    for (size_t i = 0; i < n_threads; i++)
        if (pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)(i + 1)) != 0)
            return 1;
    for (size_t i = 0; i < n_threads; i++)
        (void)pthread_join(threads[i], NULL);
    double seconds = (double)(now_us() - started_us) / US_PER_S;
    double n = (double)n_calls;
    (void)printf("db mode=%s threads=%zu rate=%.0f us/op=%.1f cpu_us/op=%.1f max_us=%ld\n", mode,
        n_threads, n / seconds, seconds * US_PER_S * (double)n_threads / n,
        (double)(cpu_us() - cpu_before_us) / n, (long)slowest_us);
    db_close(db);
    return 0;
}
