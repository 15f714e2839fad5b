/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client_state.h"

#include <stdlib.h>

enum {
    MAX_ATTEMPTS = 3,
    BACKOFF_MS = 50,              /* at most, before the second attempt; doubles */
    CONNECT_WAIT_US = 300 * 1000, /* for a connection that is not there yet */
    TLS_WAIT_US = 1000 * 1000,    /* … and takes four round trips to somewhere else */
    DRAINING_US = 1000 * 1000,    /* how long a server that is leaving is avoided */
    LONGEST_NAP_US = 1000 * 1000,
    STUCK_NAP_US = 100 * 1000,
    STUCK_NAPS = 4, /* redials for which the keeper naps shorter */
    /* gRPC A6, in tenths: retries stop when too many calls fail, and never feed an overload. */
    RETRY_TOKENS_MAX = 100,
    RETRY_COST = 10,
    RETRY_FLOOR = 50,
};

/* ---- attempts ---- */

/* Least outstanding among the connected and healthy; on another try, preferably elsewhere. */
static struct endpoint *choose(const struct client_call *call, int64_t now_us, bool *is_held)
{
    const struct rpc_client *client = call->client;
    struct endpoint *best = client->endpoints; /* there is one */
    size_t best_cost = SIZE_MAX;
    *is_held = false;
    if (call->only)
        return call->only;
    for (size_t i = 0; i < client->n_endpoints; i++) {
        struct endpoint *e = &client->endpoints[i];
        size_t cost = e->n_pending + e->n_sent;
        bool holds = !client->is_unthrottled && throttle_holds(&e->throttle, now_us);
        if (e == call->endpoint)
            cost += SIZE_MAX / 8;
        if (e->is_ejected || e->avoid_until_us > now_us)
            cost += SIZE_MAX / 4;
        if (holds)
            cost += SIZE_MAX / 16;
        if (!endpoint_is_open(e))
            cost += SIZE_MAX / 2;
        if (cost < best_cost) {
            best = e;
            best_cost = cost;
            *is_held = holds;
        }
    }
    return best;
}

static void watch(struct rpc_client *client, int64_t due_us)
{
    if (due_us >= client->next_due_us)
        return;
    client->next_due_us = due_us;
    (void)pthread_cond_signal(&client->changed);
}

/* Let the call wait for a lane of the endpoint. */
static void place(struct client_call *call, struct endpoint *e, int64_t now_us)
{
    struct rpc_client *client = call->client;
    call->endpoint = e;
    call->state = CALL_PENDING;
    call->due_us = call->deadline_us;
    int64_t wait_us = e->tls ? TLS_WAIT_US : CONNECT_WAIT_US;
    if (!endpoint_is_open(e) && now_us + wait_us < call->due_us)
        call->due_us = now_us + wait_us;
    call->next = NULL;
    *e->pending.end = call;
    e->pending.end = &call->next;
    e->n_pending++;
    watch(client, call->due_us);
}

bool attempt_begin(struct client_call *call, int64_t now_us)
{
    bool is_held;
    struct endpoint *e = choose(call, now_us, &is_held);
    call->n_attempts++;
    if (is_held && !call->is_probe) {
        call->client->counts.n_throttled++;
        call->endpoint = e;
        call->state = CALL_ENDING;
        return false;
    }
    throttle_send(&e->throttle, now_us);
    place(call, e, now_us);
    return true;
}

void attempts_move(struct endpoint *e, int64_t now_us)
{
    struct client_call *call = e->pending.first;
    e->pending = (struct call_list){.end = &e->pending.first};
    e->n_pending = 0;
    while (call) {
        struct client_call *next = call->next;
        bool is_held; /* these have been let pass */
        place(call, choose(call, now_us, &is_held), now_us);
        call = next;
    }
}

static void unlink_pending(struct endpoint *e, const struct client_call *call)
{
    struct client_call **at = &e->pending.first;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    if (!*at)
        e->pending.end = at;
    e->n_pending--;
}

void call_detach(struct client_call *call)
{
    if (call->state == CALL_PENDING)
        unlink_pending(call->endpoint, call);
    else if (call->state == CALL_SENT)
        call->endpoint->n_sent--;
    call->state = CALL_ENDING;
}

void call_give_up(struct client_call *call)
{
    struct endpoint *e = call->endpoint;
    if (call->state == CALL_SENT && e->is_connected && call->connection == e->connection)
        (void)endpoint_tell(e, call, WIRE_CANCEL, 0);
    call_detach(call);
}

bool call_is_cancelled(const struct client_call *call)
{
    return call->cancel && atomic_load(&call->cancel->is_set);
}

void call_end(struct client_call *call, const struct db_bytes *out, const struct err *err)
{
    struct rpc_client *client = call->client;
    call->listener.done(call->listener.arg, out, err);
    (void)pthread_mutex_lock(&client->lock);
    if (!err && client->retry_tokens < RETRY_TOKENS_MAX)
        client->retry_tokens++;
    if (call->newer)
        call->newer->older = call->older;
    else
        client->newest = call->older;
    if (call->older)
        call->older->newer = call->newer;
    call->state = CALL_IDLE;
    call->next = client->idle_calls;
    client->idle_calls = call;
    (void)pthread_mutex_unlock(&client->lock);
}

/* Did the call certainly not begin? Then any may be tried again. */
static bool is_untouched(enum err_reason reason)
{
    return reason == REASON_SERVER_UNREACHABLE || reason == REASON_SERVER_DRAINING;
}

/* Refused before it began, with the advice to come again later. */
static bool is_pushed_back(const struct err *err)
{
    return err->retry_after_ms > 0 &&
           (err->reason == REASON_SERVER_BUSY || err->reason == REASON_RATE_LIMITED ||
               err->reason == REASON_CALL_THROTTLED);
}

static bool is_worth_another_try(const struct client_call *call, const struct err *err)
{
    return call->n_attempts < MAX_ATTEMPTS && !call->only &&
           (is_untouched(err->reason) || is_pushed_back(err) ||
               (call->may_retry && err->reason == REASON_CONNECTION_LOST));
}

/*
 * A server that said it is leaving, rather than failed, costs nothing but is left alone; so is one
 * that is busy, as long as it wants.
 */
static bool take_retry_token(struct client_call *call, const struct err *err, int64_t now_us)
{
    struct rpc_client *client = call->client;
    if (err->reason == REASON_SERVER_DRAINING) {
        call->endpoint->avoid_until_us = now_us + DRAINING_US;
        return !client->is_closing;
    }
    if (err->reason == REASON_SERVER_BUSY)
        call->endpoint->avoid_until_us = now_us + (int64_t)err->retry_after_ms * 1000;
    bool is_granted = !client->is_closing && client->retry_tokens > RETRY_FLOOR;
    if (client->retry_tokens >= RETRY_COST)
        client->retry_tokens -= RETRY_COST;
    return is_granted;
}

/* The server's state: what RATE_LIMITED one caller says nothing of the others. */
static void note_refusal(struct client_call *call, const struct err *err, int64_t now_us)
{
    struct rpc_client *client = call->client;
    (void)pthread_mutex_lock(&client->lock);
    client->counts.n_refused++;
    call->endpoint->away_ms = err->retry_after_ms;
    throttle_note(&call->endpoint->throttle, false, now_us);
    (void)pthread_mutex_unlock(&client->lock);
}

void attempt_hold(struct client_call *call)
{
    struct rpc_client *client = call->client;
    struct err err;
    err_fill(&err, REASON_CALL_THROTTLED, "not sent: %s refused most calls of late",
        call->endpoint->url);
    (void)pthread_mutex_lock(&client->lock);
    err.retry_after_ms = call->endpoint->away_ms;
    (void)pthread_mutex_unlock(&client->lock);
    attempt_fail(call, &err);
}

void attempt_fail(struct client_call *call, const struct err *err)
{
    struct rpc_client *client = call->client;
    int64_t now_us = clock_mono_us(clock_system());
    if (is_pushed_back(err) && err->reason == REASON_SERVER_BUSY)
        note_refusal(call, err, now_us);
    uint32_t ceiling_us = (uint32_t)(BACKOFF_MS * 1000) << (call->n_attempts - 1);
    int64_t again_us =
        now_us + (int64_t)err->retry_after_ms * 1000 + (int64_t)arc4random_uniform(ceiling_us);
    bool is_retried = is_worth_another_try(call, err) && again_us < call->deadline_us;
    if (is_retried) {
        (void)pthread_mutex_lock(&client->lock);
        is_retried = !call_is_cancelled(call) && take_retry_token(call, err, now_us);
        if (is_retried) {
            call->state = CALL_WAITING;
            call->due_us = again_us;
            watch(client, again_us);
        }
        (void)pthread_mutex_unlock(&client->lock);
    }
    if (!is_retried)
        call_end(call, NULL, err);
}

/* ---- the keeper ---- */

/* Calls to be told of a failure, gathered under the lock and told without it. */
struct failures {
    struct client_call *deadline;    /* passed at the server, or before a lane was free */
    struct client_call *unreachable; /* no connection came up in time */
    struct client_call *refused;     /* the server is leaving, and there is no other */
    struct client_call *held;        /* it refused too many others */
    struct client_call *lost;        /* the connection broke */
};

static void add_failure(struct client_call **list, struct client_call *call)
{
    call_give_up(call);
    call->next = *list;
    *list = call;
}

static void look_after(struct client_call *call, int64_t now_us, struct failures *failures)
{
    bool is_unsent = call->state == CALL_PENDING;
    if (call->state == CALL_SENT && call->connection <= call->endpoint->lost) {
        add_failure(&failures->lost, call);
    } else if (call->state == CALL_IDLE || call->state == CALL_ENDING || call->due_us > now_us) {
        return;
    } else if (call->state == CALL_WAITING) {
        if (attempt_begin(call, now_us))
            return;
        call->next = failures->held;
        failures->held = call;
    } else if (is_unsent && !call->endpoint->is_connected) {
        add_failure(&failures->unreachable, call);
    } else if (is_unsent && call->endpoint->is_leaving) {
        add_failure(&failures->refused, call);
    } else if (call->deadline_us > now_us) {
        call->due_us = call->deadline_us; /* connected meanwhile */
    } else {
        if (!call->is_probe && !call->listener.frame) /* a stream may have had nothing to say */
            endpoint_note_result(call->endpoint, ERR_DEADLINE_EXCEEDED, now_us);
        add_failure(&failures->deadline, call);
    }
}

static bool is_anything_lost(const struct rpc_client *client)
{
    for (size_t i = 0; i < client->n_endpoints; i++)
        if (client->endpoints[i].mourned < client->endpoints[i].lost)
            return true;
    return false;
}

static void look_after_all(struct rpc_client *client, struct failures *failures)
{
    int64_t now_us = clock_mono_us(clock_system());
    if (now_us < client->next_due_us && !is_anything_lost(client))
        return;
    client->next_due_us = INT64_MAX;
    for (struct client_call *call = client->newest; call; call = call->older) {
        look_after(call, now_us, failures);
        if (call->state != CALL_ENDING && call->due_us < client->next_due_us)
            client->next_due_us = call->due_us;
    }
    for (size_t i = 0; i < client->n_endpoints; i++)
        client->endpoints[i].mourned = client->endpoints[i].lost;
}

/* A refused handshake looks like a server that is not there. */
static void tell_unreachable(struct client_call *call)
{
    while (call) {
        struct client_call *next = call->next;
        const struct endpoint *e = call->endpoint;
        const char *why = !e->tls ? ""
                          : e->problem[0]
                              ? e->problem
                              : "perhaps one side does not accept the other's certificate";
        struct err err;
        err_fill(&err, REASON_SERVER_UNREACHABLE, "%s cannot be reached%s%s", e->url,
            why[0] ? "; " : "", why);
        attempt_fail(call, &err);
        call = next;
    }
}

static void tell(struct client_call *call, enum err_reason reason, const char *what)
{
    while (call) {
        struct client_call *next = call->next;
        struct err err;
        err_fill(&err, reason, "%s %s", call->endpoint->url, what);
        attempt_fail(call, &err);
        call = next;
    }
}

static void hold(struct client_call *call)
{
    while (call) {
        struct client_call *next = call->next;
        attempt_hold(call);
        call = next;
    }
}

/* Without the lock. Every second is enough: this is for what should not happen. */
static void free_stuck(struct rpc_client *client)
{
    for (size_t i = 0; i < client->n_endpoints; i++) {
        struct endpoint *e = &client->endpoints[i];
        (void)pthread_mutex_lock(&client->lock);
        bool is_stuck = endpoint_is_stuck(e, clock_mono_us(clock_system()));
        bool is_connected = e->is_connected;
        (void)pthread_mutex_unlock(&client->lock);
        if (!is_connected)
            endpoint_renew_tls(e);
        if (is_stuck)
            endpoint_redial(e);
    }
}

static void nap(struct rpc_client *client)
{
    int64_t wait_us = client->next_due_us - clock_mono_us(clock_system());
    int64_t longest_us = client->ping_after_us / 4;
    if (longest_us > LONGEST_NAP_US)
        longest_us = LONGEST_NAP_US;
    for (size_t i = 0; i < client->n_endpoints; i++)
        if (!client->endpoints[i].is_connected && client->endpoints[i].n_redials < STUCK_NAPS)
            longest_us = longest_us < STUCK_NAP_US ? longest_us : STUCK_NAP_US;
    if (wait_us <= 0)
        return;
    if (wait_us > longest_us)
        wait_us = longest_us;
    struct timespec until = clock_after_us(wait_us);
    (void)pthread_cond_timedwait(&client->changed, &client->lock, &until);
}

/* Under the lock, and for a moment without it: hang up on servers that are silent for too long. */
static void hang_up_on_dead(struct rpc_client *client)
{
    for (size_t i = 0; i < client->n_endpoints; i++) {
        nng_pipe pipe;
        if (!endpoint_is_dead(&client->endpoints[i], clock_mono_us(clock_system()), &pipe))
            continue;
        (void)pthread_mutex_unlock(&client->lock);
        (void)nng_pipe_close(pipe);
        (void)pthread_mutex_lock(&client->lock);
    }
}

/* Calls that wait for a connection need not, once there is one to another server. */
static void move_attempts(struct rpc_client *client, int64_t now_us)
{
    bool is_any_open = false;
    for (size_t i = 0; i < client->n_endpoints; i++)
        is_any_open |= endpoint_is_open(&client->endpoints[i]);
    for (size_t i = 0; is_any_open && i < client->n_endpoints; i++)
        if (!endpoint_is_open(&client->endpoints[i]))
            attempts_move(&client->endpoints[i], now_us);
}

void *keeper_run(void *arg)
{
    struct rpc_client *client = arg;
    (void)pthread_mutex_lock(&client->lock);
    while (!client->is_closing) {
        struct failures failures = {0};
        struct lane *leaving = NULL;
        hang_up_on_dead(client);
        look_after_all(client, &failures);
        int64_t now_us = clock_mono_us(clock_system());
        move_attempts(client, now_us);
        for (size_t i = 0; i < client->n_endpoints; i++)
            endpoint_flush(&client->endpoints[i], now_us, &leaving);
        (void)pthread_mutex_unlock(&client->lock);

        lanes_send(leaving);
        free_stuck(client);
        client_probe(client, now_us);
        tell(failures.deadline, REASON_DEADLINE_PASSED, "did not answer in time");
        tell_unreachable(failures.unreachable);
        tell(failures.refused, REASON_SERVER_DRAINING, "is shutting down");
        hold(failures.held);
        tell(failures.lost, REASON_CONNECTION_LOST, "closed the connection during the call");

        (void)pthread_mutex_lock(&client->lock);
        if (!client->is_closing && !is_anything_lost(client))
            nap(client);
    }
    (void)pthread_mutex_unlock(&client->lock);
    return NULL;
}
