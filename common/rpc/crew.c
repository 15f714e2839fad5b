/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/crew.h"

#include "fiber/fiber.h"

#include <stdlib.h>

struct member {
    struct crew *crew;
    struct fiber *fiber; /* made when it is first needed */
    struct scratch scratch;
    bool is_busy; /* waits for the database */
};

struct crew {
    struct crew_config config;
    struct db_gather *gather;
    struct call *row; /* not begun yet */
    struct member *running;
    struct member members[CREW_SIZE];
};

/* One after the other, until one of them has to wait. */
static void work(void *arg)
{
    struct member *m = arg;
    struct crew *crew = m->crew;
    for (;;) {
        struct call *call;
        while ((call = crew->row) != NULL) {
            crew->row = call->next;
            crew->config.serve(crew->config.arg, call, &m->scratch);
        }
        m->is_busy = false;
        fiber_pause(m->fiber);
    }
}

static void wait_for_the_others(void *arg)
{
    const struct crew *crew = arg;
    fiber_pause(crew->running->fiber);
}

static void resume(struct crew *crew, struct member *m)
{
    crew->running = m;
    m->is_busy = true;
    fiber_resume(m->fiber);
}

/* False without memory for its stack. */
static bool is_ready(struct member *m)
{
    if (!m->fiber)
        m->fiber = fiber_new(work, m);
    return m->fiber != NULL;
}

/* One by one, where there is no memory for doing better. */
static void run_plainly(struct crew *crew)
{
    struct scratch scratch = {.gather = NULL};
    arena_init(&scratch.request, crew->config.max_memory);
    arena_init(&scratch.reply, crew->config.max_memory);
    struct call *call;
    while ((call = crew->row) != NULL) {
        crew->row = call->next;
        crew->config.serve(crew->config.arg, call, &scratch);
    }
    arena_fini(&scratch.request);
    arena_fini(&scratch.reply);
}

/* Those that wait; how many still do afterwards. */
static size_t resume_all(struct crew *crew, size_t n)
{
    size_t n_busy = 0;
    for (size_t i = 0; i < n; i++) {
        struct member *m = &crew->members[i];
        if (m->is_busy)
            resume(crew, m);
        n_busy += m->is_busy;
    }
    return n_busy;
}

void crew_run(struct crew *crew, struct call *row)
{
    size_t n = 0, n_busy = 0;
    crew->row = row;
    while (crew->row && n < CREW_SIZE && is_ready(&crew->members[n])) {
        resume(crew, &crew->members[n]);
        n_busy += crew->members[n++].is_busy;
    }
    while (n_busy > 0) {
        crew->config.flush(crew->config.arg, !db_gather_is_quick(crew->gather));
        db_gather_run(crew->gather);
        n_busy = resume_all(crew, n);
    }
    run_plainly(crew);
}

struct crew *crew_new(const struct crew_config *config)
{
    struct crew *crew = calloc(1, sizeof(*crew));
    if (!crew)
        return NULL;
    crew->config = *config;
    crew->gather = db_gather_new(config->db, wait_for_the_others, crew);
    if (!crew->gather) {
        free(crew);
        return NULL;
    }
    for (size_t i = 0; i < CREW_SIZE; i++) {
        struct member *m = &crew->members[i];
        m->crew = crew;
        m->scratch.gather = crew->gather;
        arena_init(&m->scratch.request, config->max_memory);
        arena_init(&m->scratch.reply, config->max_memory);
    }
    return crew;
}

void crew_free(struct crew *crew)
{
    if (!crew)
        return;
    for (size_t i = 0; i < CREW_SIZE; i++) {
        struct member *m = &crew->members[i];
        fiber_free(m->fiber);
        arena_fini(&m->scratch.request);
        arena_fini(&m->scratch.reply);
    }
    db_gather_free(crew->gather);
    free(crew);
}
