/* SPDX-License-Identifier: Apache-2.0 */
#include "db/conn.h"
#include "db/pgtype.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing by the statement's name; at most half full. */
struct prepared {
    size_t capacity; /* power of two */
    struct prepared_stmt **slots;
};

enum { FIRST_CAPACITY = 64 };

static size_t hash_name(const char *name)
{
    uint32_t h = 2166136261U; /* FNV-1a */
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619U;
    return h;
}

/* Every translation unit has its own copy of a generated statement: same name and text, same one.
 */
static bool is_same(const struct db_stmt *a, const struct db_stmt *b)
{
    return a == b || (strcmp(a->name, b->name) == 0 && strcmp(a->text, b->text) == 0);
}

static struct prepared_stmt **find_slot(const struct prepared *set, const struct db_stmt *stmt)
{
    size_t i = hash_name(stmt->name) & (set->capacity - 1);
    while (set->slots[i] && !is_same(set->slots[i]->stmt, stmt))
        i = (i + 1) & (set->capacity - 1);
    return &set->slots[i];
}

static bool grow(struct db_conn *c)
{
    struct prepared *old = c->prepared;
    struct prepared *set = malloc(sizeof(*set));
    if (!set)
        return false;
    set->capacity = old ? old->capacity * 2 : FIRST_CAPACITY;
    set->slots = calloc(set->capacity, sizeof(struct prepared_stmt *));
    if (!set->slots) {
        free(set);
        return false;
    }
    for (size_t i = 0; old && i < old->capacity; i++)
        if (old->slots[i])
            *find_slot(set, old->slots[i]->stmt) = old->slots[i];
    if (old)
        free(old->slots);
    free(old);
    c->prepared = set;
    return true;
}

static void free_stmt(struct prepared_stmt *p)
{
    if (p)
        free(p->types);
    free(p);
}

void conn_forget_prepared(struct db_conn *c)
{
    if (!c->prepared)
        return;
    for (size_t i = 0; i < c->prepared->capacity; i++)
        free_stmt(c->prepared->slots[i]);
    free(c->prepared->slots);
    free(c->prepared);
    c->prepared = NULL;
    c->n_prepared = 0;
}

static bool ends_with_ord(const PGresult *description)
{
    int last = PQnfields(description) - 1;
    return last >= 0 && strcmp(PQfname(description, last), "ord") == 0 &&
           PQftype(description, last) == PG_INT8;
}

/* What can be said about a statement before it ever runs is said here, in the developer's words. */
static enum err_code check_shape(
    const struct db_stmt *stmt, const PGresult *description, struct err *err)
{
    int n = PQnparams(description);
    if (n != stmt->n_params || n > PARAMS_MAX)
        return err_raise(err, REASON_INTERNAL_ERROR, "%s has %d parameters, declared are %d",
            stmt->name, n, stmt->n_params);
    for (int i = 0; i < n; i++)
        if (!params_can_bind(PQparamtype(description, i), stmt->is_keyed))
            return err_raise(err, REASON_INTERNAL_ERROR,
                "%s: no db_… parameter can be bound to $%d (type oid %u); cast it%s", stmt->name,
                i + 1, PQparamtype(description, i), stmt->is_keyed ? " to an array" : "");
    for (int i = 0; i < PQnfields(description); i++)
        if (!result_can_read(PQftype(description, i)))
            return err_raise(err, REASON_INTERNAL_ERROR,
                "%s: no db_get_… can read column %d, %s (type oid %u); cast it", stmt->name, i,
                PQfname(description, i), PQftype(description, i));
    if (stmt->is_keyed && !ends_with_ord(description))
        return err_raise(err, REASON_INTERNAL_ERROR,
            "%s is keyed: its last column must be k.ord of WITH ORDINALITY", stmt->name);
    return ERR_OK;
}

static enum err_code copy_types(
    struct prepared_stmt *p, const PGresult *description, struct err *err)
{
    size_t n = (size_t)PQnparams(description);
    p->types = calloc(n + 1, sizeof(Oid));
    if (!p->types)
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    for (size_t i = 0; i < n; i++)
        p->types[i] = PQparamtype(description, (int)i);
    return ERR_OK;
}

static enum err_code prepare(
    struct db_conn *c, struct prepared_stmt *p, int64_t deadline_us, struct err *err)
{
    const struct db_stmt *stmt = p->stmt;
    (void)snprintf(p->name, sizeof(p->name), "s%zu", c->n_prepared);
    CLEANUP(pg_result_clear) PGresult *done = NULL;
    if (!PQsendPrepare(c->pg, p->name, stmt->text, 0, NULL))
        return sqlstate_raise(err, c->pg, NULL, stmt->name);
    enum err_code code = conn_finish(c, stmt->name, deadline_us, &done, err);
    if (code != ERR_OK)
        return code;
    c->n_prepared++; /* the name is taken, whatever becomes of it */

    CLEANUP(pg_result_clear) PGresult *description = NULL;
    if (!PQsendDescribePrepared(c->pg, p->name))
        return sqlstate_raise(err, c->pg, NULL, stmt->name);
    code = conn_finish(c, stmt->name, deadline_us, &description, err);
    if (code != ERR_OK)
        return code;
    code = check_shape(stmt, description, err);
    if (code != ERR_OK)
        return code;
    return copy_types(p, description, err);
}

enum err_code conn_prepare(struct db_conn *c, const struct db_stmt *stmt, int64_t deadline_us,
    const struct prepared_stmt **out, struct err *err)
{
    bool is_full = !c->prepared || (c->n_prepared + 1) * 2 > c->prepared->capacity;
    if (is_full && !grow(c))
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    struct prepared_stmt **slot = find_slot(c->prepared, stmt);
    if (!*slot) {
        struct prepared_stmt *p = calloc(1, sizeof(*p));
        if (!p)
            return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
        p->stmt = stmt;
        enum err_code code = prepare(c, p, deadline_us, err);
        if (code != ERR_OK) {
            free_stmt(p);
            return code;
        }
        *slot = p;
    }
    *out = *slot;
    return ERR_OK;
}
