/* SPDX-License-Identifier: Apache-2.0 */
#include "unbatched.h"

#include "rpc/schema.h"
#include "rpc/wire.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>
#include <string.h>

struct unbatched {
    nng_ctx ctx;
    nng_aio *aio;
    nng_msg *spare; /* the last reply: used again, as a plain client would */
    bool is_receiving;
    uint32_t method;
    uint64_t n_calls;
    rpc_done_fn *done;
    void *arg;
};

static void fail(struct unbatched *u)
{
    struct err err;
    err_fill(&err, REASON_CONNECTION_LOST, "the call failed");
    u->done(u->arg, NULL, &err);
}

static void on_reply(struct unbatched *u, nng_msg *msg)
{
    struct wire_reader reader;
    struct wire_frame frame;
    if (wire_open(&reader, nng_msg_body(msg), nng_msg_len(msg)) &&
        wire_next(&reader, &frame) == WIRE_FRAME && frame.value == ERR_OK &&
        frame.call_id == u->n_calls) {
        const struct db_bytes out = {frame.payload, frame.payload_len};
        u->done(u->arg, &out, NULL);
    } else {
        fail(u);
    }
}

static void on_event(void *arg)
{
    struct unbatched *u = arg;
    nng_msg *msg = nng_aio_get_msg(u->aio);
    bool was_receiving = u->is_receiving;
    nng_aio_set_msg(u->aio, NULL);
    if (nng_aio_result(u->aio) != 0) {
        nng_msg_free(msg);
        fail(u);
        return;
    }
    u->is_receiving = !was_receiving;
    if (!was_receiving) {
        nng_ctx_recv(u->ctx, u->aio);
        return;
    }
    u->spare = msg;
    on_reply(u, msg); /* the next call writes over it, from within */
}

void unbatched_call(struct unbatched *u, const struct db_bytes *in, rpc_done_fn *done, void *arg)
{
    const struct wire_frame frame = {.type = WIRE_CALL,
        .call_id = ++u->n_calls,
        .method = u->method,
        .value = 60 * 1000,
        .payload_len = (uint32_t)in->len};
    const size_t len = WIRE_PREAMBLE_SIZE + WIRE_FRAME_SIZE + in->len;
    nng_msg *msg = u->spare;
    u->spare = NULL;
    u->done = done;
    u->arg = arg;
    if ((msg ? nng_msg_realloc(msg, len) : nng_msg_alloc(&msg, len)) != 0)
        abort();
    nng_msg_header_clear(msg);
    uint8_t *body = nng_msg_body(msg);
    wire_put_preamble(body, 1, 0);
    wire_put_frame(body + WIRE_PREAMBLE_SIZE, &frame);
    memcpy(body + WIRE_PREAMBLE_SIZE + WIRE_FRAME_SIZE, in->data, in->len);
    nng_aio_set_msg(u->aio, msg);
    nng_ctx_send(u->ctx, u->aio);
}

static bool connect_to(const char *url, nng_socket *socket)
{
    return nng_req0_open(socket) == 0 &&
           nng_socket_set_ms(*socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE) == 0 &&
           nng_dial(*socket, url, NULL, 0) == 0;
}

struct unbatched *unbatched_new(const char *url, const char *method)
{
    static nng_socket socket = NNG_SOCKET_INITIALIZER;
    if (nng_socket_id(socket) <= 0 && !connect_to(url, &socket))
        return NULL;
    struct unbatched *u = calloc(1, sizeof(*u));
    if (!u)
        return NULL;
    u->method = wire_method_hash(method);
    if (nng_ctx_open(&u->ctx, socket) == 0 && nng_aio_alloc(&u->aio, on_event, u) == 0)
        return u;
    free(u);
    return NULL;
}
