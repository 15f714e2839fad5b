/* SPDX-License-Identifier: Apache-2.0 */
#include "crew.h"

enum { US_PER_MS = 1000 };

static void ask(struct task *t)
{
    int64_t deadline_us =
        t->timeout_ms == 0 ? 0 : clock_mono_us(clock_system()) + t->timeout_ms * US_PER_MS;
    struct db_session s = db_session(t->crew->db, deadline_us);
    s.gather = t->crew->gather;
    db_result_clear(&t->result);
    t->code = db_query(&s, t->stmt, t->params, &t->result, &t->err);
}

static void work(void *arg)
{
    struct task *t = arg;
    for (;;) {
        ask(t);
        t->done_as = ++t->crew->n_done;
        fiber_pause(t->fiber);
    }
}

static void wait_for_others(void *arg)
{
    struct crew *crew = arg;
    fiber_pause(crew->running->fiber);
}

static void resume(struct crew *crew, struct task *t)
{
    crew->running = t;
    fiber_resume(t->fiber);
}

struct crew *crew_new(struct db *db, int n_tasks, const struct db_stmt *stmt)
{
    assert_in_range(n_tasks, 1, CREW_MAX);
    struct crew *crew = calloc(1, sizeof(*crew));
    assert_non_null(crew);
    crew->db = db;
    crew->n_tasks = n_tasks;
    crew->gather = db_gather_new(db, wait_for_others, crew);
    assert_non_null(crew->gather);
    for (int i = 0; i < n_tasks; i++) {
        struct task *t = &crew->tasks[i];
        *t = (struct task){.crew = crew, .stmt = stmt, .params = {db_int(i), db_null(DB_TEXT)}};
        t->fiber = fiber_new(work, t);
        assert_non_null(t->fiber);
    }
    return crew;
}

void crew_free(struct crew *crew)
{
    for (int i = 0; i < crew->n_tasks; i++) {
        fiber_free(crew->tasks[i].fiber);
        db_result_clear(&crew->tasks[i].result);
    }
    db_gather_free(crew->gather);
    free(crew);
}

void crew_ask(struct crew *crew)
{
    crew->n_done = crew->n_trips = 0;
    for (int i = 0; i < crew->n_tasks; i++) {
        crew->tasks[i].done_as = 0;
        resume(crew, &crew->tasks[i]);
    }
    for (; crew->n_done < crew->n_tasks; crew->n_trips++) {
        db_gather_run(crew->gather);
        for (int i = 0; i < crew->n_tasks; i++)
            if (crew->tasks[i].done_as == 0)
                resume(crew, &crew->tasks[i]);
    }
}
