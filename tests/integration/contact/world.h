/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A contact service in the test's own process, on the database tests/with-postgres gave us, and
 * clients of every kind of caller. Whatever goes wrong unexpectedly fails the running test.
 */
#pragma once

#include "db_test.h"
#include "service.h"

#include <kith/v1/contact.pb-c.h>

enum caller { ANYBODY, ANA, BO, OPERATOR, SERVICE, N_CALLERS };

/* A member made for a test. */
struct person {
    struct rpc_client *client;
    char id[ID_TEXT_SIZE];
    char token[AUTH_TOKEN_SIZE];
    char email[64];
};

struct world {
    struct contact_service service;
    struct db *admin; /* the superuser, to look behind the scenes */
    char listen[64];
    struct rpc_client *anybody, *operator_, *peer;
    struct arena arena; /* of configuration and replies; reset by world_forget() */
    struct err err;     /* of the last call */
};

extern struct world world;

/* cmocka group set-up and tear-down. The relay has no subscribers: events stay in the outbox. */
int world_start(void **state);
int world_stop(void **state);

/* Stop the service without a word and start it again. */
void world_restart(void);

/* All that is too old goes, now: tokens after 30 days, unfinished uploads after one. */
void world_keep_house(void);

/* Statements of the service that wait for a row somebody else has locked. */
int64_t world_n_waiting(void);

/* Until there are so many. */
void world_await_waiting(int64_t n);

/* cmocka set-up: free what the last test's replies took. */
int world_forget(void **state);

struct rpc_client *world_client(const char *token);
const char *world_operator_token(void);

/* Made by the operator, with a verified address that nobody else has. */
struct person world_person(const char *name);
void world_person_fini(struct person *person);

/* The reply, or NULL with world.err. `method` without the service's name. */
void *world_try(struct rpc_client *client, const char *method, const void *in);

/* The reply; a refusal fails the test. */
void *world_call(struct rpc_client *client, const char *method, const void *in);

/* Must be refused for exactly this reason; returns the message. */
const char *world_refused(
    struct rpc_client *client, const char *method, const void *in, enum err_reason reason);

/* A contact of this person as an import would make it; the id is in the world's arena. */
char *world_contact(const struct person *owner, const char *name, const char *email);

/* Rows of `query`, a statement that counts. `fmt` may have one %s: an id. */
int64_t world_count(const char *fmt, const char *id);

/* Invite `contact`; the invitation is in the world's arena. */
Kith__V1__Invitation *world_invite(const struct person *from, const char *contact);
