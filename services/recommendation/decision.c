/* SPDX-License-Identifier: Apache-2.0 */
#include "decision.h"

#include "domain/explain.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static_assert((int)SCORE_WORDS == KITH__V1__SIGNAL__SIGNAL_WORDS &&
                  (int)SCORE_WORDNET == KITH__V1__SIGNAL__SIGNAL_WORDNET &&
                  (int)SCORE_MEANING == KITH__V1__SIGNAL__SIGNAL_MEANING &&
                  (int)SCORE_PAST_ANSWER == KITH__V1__SIGNAL__SIGNAL_PAST_ANSWER,
    "signals have the numbers of the .proto");

/* What of the inputs is no signal. */
static const struct {
    const char *name;
    size_t offset;
} measures[] = {
    {"is_connected", offsetof(struct score_inputs, is_connected)},
    {"years_known", offsetof(struct score_inputs, years_known)},
    {"common", offsetof(struct score_inputs, common)},
    {"waiting", offsetof(struct score_inputs, waiting)},
    {"passed", offsetof(struct score_inputs, passed)},
};

enum {
    N_MEASURES = sizeof(measures) / sizeof(measures[0]),
    N_INPUTS = SCORE_N_SIGNALS + N_MEASURES
};

/* protobuf-c hands out pointers to strings it will not change as char *. */
static char *borrowed(const char *s)
{
    union {
        const char *in;
        char *out;
    } cast = {.in = s};
    return cast.out;
}

/* Room for `n` messages and the list that points to them; false if the arena is full. */
static void **list_of(struct arena *arena, size_t n, size_t size)
{
    void **list = arena_calloc(arena, n + 1, sizeof(*list));
    char *items = arena_calloc(arena, n + 1, size);
    for (size_t i = 0; list && items && i < n; i++)
        list[i] = items + i * size;
    return items ? list : NULL;
}

static Kith__V1__Factor **new_factors(struct arena *arena, size_t n)
{
    void **list = list_of(arena, n, sizeof(Kith__V1__Factor));
    Kith__V1__Factor **factors = arena_calloc(arena, n + 1, sizeof(*factors));
    for (size_t i = 0; list && factors && i < n; i++) {
        factors[i] = list[i];
        kith__v1__factor__init(factors[i]);
    }
    return list ? factors : NULL;
}

static void set_factor(Kith__V1__Factor *f, const char *name, double value, const char *reason)
{
    f->name = borrowed(name);
    f->value = value;
    f->reason = borrowed(reason ? reason : "");
}

/* ---- a candidate ----------------------------------------------------------------------------- */

static bool fill_factors(
    const struct route_candidate *c, struct arena *arena, Kith__V1__Candidate *out)
{
    const char *expertise = explain_expertise(c, arena);
    const char *affinity = explain_affinity(&c->inputs, arena);
    const char *availability = explain_availability(&c->inputs, arena);
    out->factors = new_factors(arena, 3);
    if (!out->factors || !expertise || !affinity || !availability)
        return false;
    out->n_factors = 3;
    set_factor(out->factors[0], "expertise", c->score.expertise, expertise);
    set_factor(out->factors[1], "affinity", c->score.affinity, affinity);
    set_factor(out->factors[2], "availability", c->score.availability, availability);
    return true;
}

static bool fill_path(const struct route_evidence *in, struct arena *arena, Kith__V1__Evidence *out)
{
    out->path = arena_calloc(arena, in->n_path + 1, sizeof(*out->path));
    for (size_t i = 0; out->path && i < in->n_path; i++)
        out->path[i] = borrowed(in->path[i]);
    out->n_path = in->n_path;
    return out->path != NULL;
}

static bool fill_evidence(
    const struct route_candidate *c, struct arena *arena, Kith__V1__Candidate *out)
{
    out->evidence = arena_calloc(arena, c->n_evidence + 1, sizeof(*out->evidence));
    Kith__V1__Evidence *items = arena_calloc(arena, c->n_evidence + 1, sizeof(*items));
    if (!out->evidence || !items)
        return false;
    for (size_t i = 0; i < c->n_evidence; i++) {
        const struct route_evidence *e = &c->evidence[i];
        kith__v1__evidence__init(&items[i]);
        items[i].signal = (Kith__V1__Signal)e->signal;
        items[i].text = arena_strdup(arena, e->text); /* the network may go before the reply */
        items[i].kind = borrowed(network_kind_name(e->kind));
        items[i].share = e->share;
        if (!items[i].text || !fill_path(e, arena, &items[i]))
            return false;
        out->evidence[i] = &items[i];
    }
    out->n_evidence = c->n_evidence;
    return true;
}

Kith__V1__Candidate *decision_candidate(const struct network *network,
    const struct route_candidate *c, uint32_t rank, struct arena *arena)
{
    char contact[ID_TEXT_SIZE];
    id_format(&network->contacts[c->contact].id, contact);
    Kith__V1__Candidate *out = arena_alloc(arena, sizeof(*out));
    char *contact_id = arena_strdup(arena, contact);
    if (!out || !contact_id)
        return NULL;
    kith__v1__candidate__init(out);
    out->contact_id = contact_id;
    out->rank = rank;
    out->score = c->score.total;
    out->reason = borrowed(c->reason);
    return fill_factors(c, arena, out) && fill_evidence(c, arena, out) ? out : NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static double measure(const struct score_inputs *in, size_t i)
{
    double value;
    memcpy(&value, (const char *)in + measures[i].offset, sizeof(value));
    return value;
}

static Kith__V1__JudgedContact *judged_of(const struct network *network,
    const struct route_candidate *c, uint32_t rank, struct arena *arena)
{
    Kith__V1__JudgedContact *out = arena_alloc(arena, sizeof(*out));
    if (!out)
        return NULL;
    kith__v1__judged_contact__init(out);
    out->is_fit = c->is_fit;
    out->candidate = decision_candidate(network, c, rank, arena);
    out->inputs = new_factors(arena, N_INPUTS);
    if (!out->candidate || !out->inputs)
        return NULL;
    for (size_t i = 1; i < SCORE_N_SIGNALS; i++)
        set_factor(out->inputs[out->n_inputs++], score_signal_name((enum score_signal)i),
            c->inputs.signal[i], "");
    for (size_t i = 0; i < N_MEASURES; i++)
        set_factor(out->inputs[out->n_inputs++], measures[i].name, measure(&c->inputs, i), "");
    return out;
}

static bool is_among(const struct route_result *result, size_t n, uint32_t contact)
{
    for (size_t i = 0; i < n; i++)
        if (result->candidates[i].contact == contact)
            return true;
    return false;
}

static bool fill_judged(const struct network *network, const struct route_result *result,
    struct arena *arena, Kith__V1__DecisionRecord *record)
{
    size_t n = result->n < DECISION_MAX_JUDGED ? result->n : DECISION_MAX_JUDGED;
    const struct route_candidate *named = result->named;
    if (named && is_among(result, n, named->contact))
        named = NULL;
    if (named && n == DECISION_MAX_JUDGED)
        n--;
    record->judged = arena_calloc(arena, n + 2, sizeof(*record->judged));
    if (!record->judged)
        return false;
    for (size_t i = 0; i < n + (named != NULL); i++) {
        const struct route_candidate *c = i < n ? &result->candidates[i] : named;
        record->judged[i] = judged_of(network, c, (uint32_t)i + 1, arena);
        if (!record->judged[i])
            return false;
        record->n_judged++;
    }
    return true;
}

static bool fill_parameters(
    const struct router *router, struct arena *arena, Kith__V1__DecisionRecord *record)
{
    uint32_t n = 0;
    while (score_parameter_info(n).name)
        n++;
    record->parameters = new_factors(arena, n);
    if (!record->parameters)
        return false;
    record->n_parameters = n;
    for (uint32_t i = 0; i < n; i++)
        set_factor(record->parameters[i], score_parameter_info(i).name,
            score_parameter(&router->parameters, i), score_parameter_info(i).meaning);
    return true;
}

static bool fill_notes(
    const struct route_result *result, struct arena *arena, Kith__V1__DecisionRecord *record)
{
    record->notes = arena_calloc(arena, result->n_notes + 1, sizeof(*record->notes));
    for (size_t i = 0; record->notes && i < result->n_notes; i++)
        record->notes[i] = borrowed(result->notes[i]);
    record->n_notes = result->n_notes;
    return record->notes != NULL;
}

enum err_code decision_pack(const struct router *router, const struct network *network,
    const struct route_result *result, struct arena *arena, struct db_bytes *out, struct err *err)
{
    Kith__V1__DecisionRecord record = KITH__V1__DECISION_RECORD__INIT;
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (fill_parameters(router, arena, &record) && fill_notes(result, arena, &record) &&
        fill_judged(network, result, arena, &record)) {
        size = kith__v1__decision_record__get_packed_size(&record);
        bytes = arena_alloc(arena, size);
    }
    if (!bytes)
        return err_raise(err, REASON_REQUEST_TOO_LARGE, "the record of this decision is too large");
    (void)kith__v1__decision_record__pack(&record, bytes);
    *out = (struct db_bytes){bytes, size};
    return ERR_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void *allocate(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void keep(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

enum err_code decision_unpack(const struct db_bytes *record, struct arena *arena,
    Kith__V1__DecisionRecord **out, struct err *err)
{
    ProtobufCAllocator allocator = {allocate, keep, arena};
    *out = kith__v1__decision_record__unpack(&allocator, record->len, record->data);
    if (!*out)
        return err_raise(err, REASON_INTERNAL_ERROR, "the record of this decision can not be read");
    return ERR_OK;
}

static void set_input(struct score_inputs *in, const char *name, double value)
{
    for (size_t i = 1; i < SCORE_N_SIGNALS; i++)
        if (strcmp(score_signal_name((enum score_signal)i), name) == 0)
            in->signal[i] = value;
    for (size_t i = 0; i < N_MEASURES; i++)
        if (strcmp(measures[i].name, name) == 0)
            memcpy((char *)in + measures[i].offset, &value, sizeof(value));
}

struct score decision_replay(
    const Kith__V1__DecisionRecord *record, const Kith__V1__JudgedContact *judged)
{
    struct score_parameters p = score_defaults;
    struct score_inputs in = {.years_known = 0};
    for (size_t i = 0; i < record->n_parameters; i++)
        (void)score_set_parameter(&p, record->parameters[i]->name, record->parameters[i]->value);
    for (size_t i = 0; i < judged->n_inputs; i++)
        set_input(&in, judged->inputs[i]->name, judged->inputs[i]->value);
    return score_compute(&p, &in);
}
