/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client state: the client, its endpoints and their lanes. Private to common/rpc.
 *
 * One lock guards all of it. It is never held while NNG is called or while a call's end is told, so
 * NNG's callbacks and the callers' may take it.
 */
#pragma once

#include "rpc/client_call.h"
#include "rpc/throttle.h"
#include "rpc/tls.h"

#include <nng/nng.h>
#include <pthread.h>

enum { CLIENT_LANES = 4, CLIENT_URL_SIZE = 256, CLIENT_TOKEN_SIZE = 257, CLIENT_ERR_SIZE = 320 };

/* A REQ context: carries calls to the server, and back whatever is complete. */
struct lane {
    struct lane *next; /* of the idle ones, or of those about to leave */
    struct endpoint *endpoint;
    nng_ctx ctx;
    nng_aio *aio;
    nng_msg *msg;      /* about to leave */
    bool is_receiving; /* only in the callbacks of this lane */
    bool is_sending;
    int64_t began_us;    /* … since then */
    uint64_t connection; /* it was sent over */
};

struct call_list {
    struct client_call *first;
    struct client_call **end;
};

/* A frame about a call that was sent: CREDIT, CANCEL. */
struct control {
    uint64_t call_id;
    uint64_t connection; /* it is for; pointless on another */
    uint32_t value;
    uint32_t n_waited; /* of a GOAWAY */
    uint8_t type;
};

/* One server. NNG would spread calls blindly, so each has a socket of its own. */
struct endpoint {
    struct rpc_client *client;
    char url[CLIENT_URL_SIZE];
    struct tls *tls;               /* NULL: not encrypted; the keeper's once it runs */
    char problem[CLIENT_ERR_SIZE]; /* with its certificate; "": none; likewise */
    nng_socket socket;
    nng_dialer dialer;
    uint64_t session; /* random; the server keeps one per connection */
    struct lane lanes[CLIENT_LANES];
    struct lane *idle;
    size_t n_away; /* lanes at the server */
    struct call_list pending;
    size_t n_pending;
    size_t n_sent;            /* calls at the server */
    struct control *controls; /* to leave with the next message */
    size_t n_controls;
    size_t controls_capacity;
    nng_pipe pipe;
    int gone_pipe; /* the end of which was told last */
    bool is_connected;
    bool is_leaving;    /* the server is: no more calls over this connection … */
    bool owes_farewell; /* … and it waits to hear that all of them have their results */
    uint32_t n_carried; /* calls this connection has carried */
    unsigned n_redials; /* since it was connected last */
    bool was_stuck;     /* NNG no longer tells of ends, nor connects again, by itself */
    int64_t silent_us;  /* since when nothing was heard though something is to come */
    int64_t pinged_us;  /* when it was asked for a sign of life; 0: not since it was heard */
    bool is_ping_due;
    int64_t moved_us;       /* when something last went out, came in or connected */
    uint64_t connection;    /* number of the newest */
    uint64_t lost;          /* connections up to this one are gone */
    uint64_t mourned;       /* … and their calls have been told */
    unsigned n_failures;    /* in a row */
    unsigned n_ejections;   /* since a call last succeeded */
    bool is_ejected;        /* it failed: left alone until a probe, or a call, finds it well */
    bool is_probed;         /* a probe is under way … */
    uint64_t probed;        /* … over this connection */
    int64_t probe_at_us;    /* not earlier */
    int64_t avoid_until_us; /* it said that it is busy, or leaving */
    struct throttle throttle;
    uint32_t away_ms; /* what it advised when it refused a call last */
};

struct rpc_client {
    struct schema *schema;
    int64_t timeout_ms;
    size_t max_message;
    int64_t ping_after_us;
    bool is_unthrottled;

    pthread_mutex_t lock;
    char token[CLIENT_TOKEN_SIZE];
    struct endpoint *endpoints;
    size_t n_endpoints;
    struct client_call **slots;
    size_t n_slots;
    struct client_call *idle_calls;
    struct client_call *newest; /* of the calls under way */
    unsigned n_holds;           /* threads that will flush when they are done */
    unsigned retry_tokens;      /* in tenths */
    struct rpc_client_counts counts;
    pthread_t keeper;
    bool has_keeper;
    pthread_cond_t changed; /* the keeper should look */
    int64_t next_due_us;    /* no call is due earlier */
    bool is_closing;
};

/* ---- client.c ---- */

/*
 * rpc_client_call_async() for any listener; `only` NULL: of any endpoint. The id of the call; 0: it
 * ended at once.
 */
uint64_t client_begin(struct rpc_client *client, struct endpoint *only, const char *method,
    const struct rpc_call_options *options, const struct db_bytes *in,
    const struct client_listener *listener);

/* Let a stream send more. Nothing happens if the call is over. */
void client_grant(struct rpc_client *client, uint64_t id, uint32_t bytes);

/* End a call with CALL_CANCELLED, and tell the server. Likewise. */
void client_cancel(struct rpc_client *client, uint64_t id);

/* ---- client_endpoint.c ---- */

/* Under the lock: the call of that id that is at the server; NULL: it is over. */
struct client_call *client_find_sent(struct rpc_client *client, uint64_t id);

/* CONFIG_INVALID for an address NNG does not understand; CERTIFICATE_INVALID. */
MUST_USE enum err_code endpoint_connect(
    struct endpoint *e, const struct rpc_tls *files, struct err *err);

/* False if NNG does not let go: its callbacks may still come. Else none does. */
MUST_USE bool endpoint_stop(struct endpoint *e);

/* Under the lock: nothing has moved for long, though calls wait or the connection is lost. */
bool endpoint_is_stuck(const struct endpoint *e, int64_t now_us);

/*
 * Under the lock: a connection that was silent for long, though calls are at the server, is asked
 * for a sign of life. True if it gave none: it is lost, and `*out` to be closed without the lock.
 */
MUST_USE bool endpoint_is_dead(struct endpoint *e, int64_t now_us, nng_pipe *out);

/* Without the lock, on the keeper's thread only: give the connection up and make a new one. */
void endpoint_redial(struct endpoint *e);

/* Likewise, while there is no connection: let the next have the certificate the files hold now. */
void endpoint_renew_tls(struct endpoint *e);

/* Under the lock: put pending calls on idle lanes; add them to the list of those to send. */
void endpoint_flush(struct endpoint *e, int64_t now_us, struct lane **leaving);

/* Under the lock: tell the server something about a call that is CALL_SENT. False without memory.
 */
bool endpoint_tell(
    struct endpoint *e, const struct client_call *call, uint8_t type, uint32_t value);

/* Without the lock. */
void lanes_send(struct lane *leaving);

/* ---- client_probe.c: servers whose calls fail ---- */

/*
 * Under the lock: what a call came to, other than a refusal of a server that is leaving. After some
 * failures in a row the endpoint is ejected: where there is another, that one gets the calls.
 */
void endpoint_note_result(struct endpoint *e, enum err_code code, int64_t now_us);

/* Without the lock: ask ejected servers, from time to time, whether they are ready. */
void client_probe(struct rpc_client *client, int64_t now_us);

/* ---- client_keeper.c: attempts, deadlines, retries ---- */

/* Under the lock: begin an attempt, the first or another. False if it is held back: then
 * attempt_hold() must follow, without the lock. */
MUST_USE bool attempt_begin(struct client_call *call, int64_t now_us);

/* Without the lock: as if the server had refused it. */
void attempt_hold(struct client_call *call);

/* Under the lock: may calls be sent over its connection? */
static inline bool endpoint_is_open(const struct endpoint *e)
{
    return e->is_connected && !e->is_leaving;
}

/* Under the lock: what has not been sent to this endpoint goes to another, if there is one. */
void attempts_move(struct endpoint *e, int64_t now_us);

/* Without the lock: the attempt failed; try again or end it. */
void attempt_fail(struct client_call *call, const struct err *err);

/* Without the lock: tell the end of a call that is CALL_ENDING, and return it to the pool. */
void call_end(struct client_call *call, const struct db_bytes *out, const struct err *err);

/* Under the lock: take a call out of the endpoint's books; it is CALL_ENDING afterwards. */
void call_detach(struct client_call *call);

/* The same for one that has no answer yet: the server, if it has the call, is told to stop. */
void call_give_up(struct client_call *call);

/* Did its caller give the call up? */
bool call_is_cancelled(const struct client_call *call);

/* `arg` is the client. Body of the thread that looks after calls that are due and connections that
 * are lost. */
void *keeper_run(void *arg);
