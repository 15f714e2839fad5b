/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the crash test's client share. A failure ends the program with a message.
 */
#pragma once

#include "arena/arena.h"
#include "ledger.h"
#include "rpc/client.h"

enum { DRIVER_MEMORY = 64 << 20 };

#define driver_check(ok, ...) ((ok) ? (void)0 : driver_die(__VA_ARGS__))
_Noreturn void driver_die(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Files are named relative to the directory of the run. */
void driver_enter(const char *dir);
void driver_write(const char *file, const char *text);
const char *driver_read(const char *file, struct arena *arena);

/* One service, spoken to with one token. */
struct peer {
    struct rpc_client *client;
};

/* `service` is "CONTACT" and the like; `token_file` holds the token. */
struct peer driver_dial(const char *service, const char *token_file);
void driver_hang_up(struct peer *peer);

/*
 * Call until the call is acknowledged, for at most a minute: what a careful client does that must
 * not lose a call while servers come and go. A refusal that no repetition can cure is a failure.
 */
const ProtobufCMessage *driver_call(struct peer *peer, const char *method,
    const ProtobufCMessage *in, const char *key, struct arena *arena);

#define CALL(peer, method, in, key, arena) \
    ((const void *)driver_call((peer), (method), (in), (key), (arena)))

/* Holds the ledgers against the services. */
void verify(struct arena *arena);
