/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running recommendation service, and members with contacts, put into the database by the test.
 * Every call goes through a client over the wire. A failure fails the running test.
 */
#pragma once

#include "db_test.h"
#include "ids/ids.h"
#include "rpc/client.h"
#include "service.h"

#include <kith/v1/recommendation.pb-c.h>

struct world {
    struct db *admin;
    struct arena arena; /* of configuration and replies */
    struct recommendation service;
    char listen[64];
    char service_token[AUTH_TOKEN_SIZE];
    struct err err; /* of the last call */
};

/* A member with a token that may do everything, and a client that carries it. */
struct someone {
    struct id id;
    char text[ID_TEXT_SIZE];
    char token[AUTH_TOKEN_SIZE];
    struct rpc_client *client;
};

/* `wordnet_dir` NULL: where Debian has it. `encoder_file` NULL: no encoder, which makes the
 * rankings follow from words and WordNet alone. */
void world_start(struct world *w, const char *wordnet_dir, const char *encoder_file);
void world_stop(struct world *w);

struct someone world_member(struct world *w, const char *name);
void world_forget(struct someone *who);

/* A client with this token (NULL: none). */
struct rpc_client *world_client(struct world *w, const char *token);

/* Runs SQL as the superuser; `fmt` as of printf. */
void world_sql(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
int64_t world_sql_int(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* An entry of `owner`'s address book; `linked` NULL: no member. */
struct id world_contact(struct world *w, const struct someone *owner, const char *name,
    const char *company, const char *position, const struct someone *linked);

/* Calls kith.v1.RecommendationService; the code is returned, the rest is in w->err. */
#define WORLD_CALL(w, client, Name, in, out) \
    world_call((w), (client), "/kith.v1.RecommendationService/" #Name, &(in)->base, (void **)(out))
enum err_code world_call(struct world *w, struct rpc_client *client, const char *method,
    const ProtobufCMessage *in, void **out);

/* Waits until no network is out of date and no text waits to be encoded; fails after five minutes.
 */
void world_settle(struct world *w);

/* A millisecond, between two looks at what is waited for. */
void world_pause(void);
