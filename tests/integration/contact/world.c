/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "free_port.h"
#include "log/log.h"

#include <poll.h>
#include <sys/socket.h>

enum { ARENA_LIMIT = 64 << 20, CALL_TIMEOUT_MS = 60000 };

struct world world;
static struct arena service_arena; /* what the service was started with */
static char service_token[AUTH_TOKEN_SIZE], operator_token[AUTH_TOKEN_SIZE];

static void start_service(void)
{
    const struct contact_config config = {
        .service = {.listen = world.listen,
            .database_host = getenv("PGHOST"),
            .database_port = 5432,
            .database_name = getenv("PGDATABASE"),
            .database_user = "contact",
            .database_pool = 8,
            .service_token = service_token,
            .operator_token = operator_token,
            .workers = 4,
            .queue_limit = 1000,
            .allow_unsafe_database = true},
        .token_days = 30,
        .upload_days = 1,
        .recommendation_endpoints = "tcp://127.0.0.1:1",
        .notification_endpoints = "tcp://127.0.0.1:1",
    };
    assert_ok(contact_start(&world.service, &service_arena, &config, &world.err), &world.err);
}

struct rpc_client *world_client(const char *token)
{
    const struct rpc_client_config config = {
        .endpoints = world.listen, .token = token, .timeout_ms = CALL_TIMEOUT_MS};
    struct rpc_client *client = NULL;
    assert_ok(rpc_client_new(&client, &config, &world.err), &world.err);
    return client;
}

const char *world_operator_token(void)
{
    return operator_token;
}

int world_start(void **state)
{
    (void)state;
    log_open("test", NULL, LOG_FORMAT_LOGFMT, LOG_ERROR);
    arena_init(&world.arena, ARENA_LIMIT);
    arena_init(&service_arena, ARENA_LIMIT);
    auth_token_new(service_token);
    auth_token_new(operator_token);
    (void)snprintf(world.listen, sizeof(world.listen), "tcp://127.0.0.1:%d", test_free_port());
    world.admin = test_db_open(NULL, "test", 2);
    start_service();
    world.anybody = world_client(NULL);
    world.operator_ = world_client(operator_token);
    world.peer = world_client(service_token);
    return 0;
}

int world_stop(void **state)
{
    (void)state;
    rpc_client_free(world.peer);
    rpc_client_free(world.operator_);
    rpc_client_free(world.anybody);
    contact_stop(&world.service);
    db_close(world.admin);
    arena_fini(&world.arena);
    arena_fini(&service_arena);
    return 0;
}

void world_restart(void)
{
    contact_stop(&world.service);
    world.service = (struct contact_service){0};
    start_service();
}

void world_keep_house(void)
{
    const struct housekeeping_config config = {.db = world.service.db,
        .clock = clock_system(),
        .tasks = world.service.old_rows,
        .n_tasks = sizeof(world.service.old_rows) / sizeof(world.service.old_rows[0]),
        .batch = 2};
    assert_ok(housekeeping_run(&config, &world.err), &world.err);
}

int64_t world_n_waiting(void)
{
    return test_sql_int(world.admin,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND usename = 'contact' AND wait_event_type = 'Lock'");
}

void world_await_waiting(int64_t n)
{
    for (int tries = 0; world_n_waiting() < n; tries++) {
        assert_true(tries < 10000);
        (void)poll(NULL, 0, 1);
    }
}

int world_forget(void **state)
{
    (void)state;
    arena_reset(&world.arena);
    return 0;
}

void *world_try(struct rpc_client *client, const char *method, const void *in)
{
    char name[96];
    ProtobufCMessage *out = NULL;
    (void)snprintf(name, sizeof(name), "/kith.v1.ContactService/%s", method);
    world.err = (struct err){0};
    enum err_code code = rpc_client_call(client, name, NULL, in, &world.arena, &out, &world.err);
    return code == ERR_OK ? out : NULL;
}

void *world_call(struct rpc_client *client, const char *method, const void *in)
{
    void *out = world_try(client, method, in);
    if (!out)
        fail_msg("%s: %s: %s", method, err_reason_info(world.err.reason)->name, world.err.msg);
    return out;
}

const char *world_refused(
    struct rpc_client *client, const char *method, const void *in, enum err_reason reason)
{
    if (world_try(client, method, in))
        fail_msg("%s was not refused", method);
    assert_string_equal(err_reason_info(world.err.reason)->name, err_reason_info(reason)->name);
    assert_int_equal(world.err.code, err_reason_info(reason)->code);
    assert_true(world.err.msg[0] != '\0');
    return world.err.msg;
}

struct person world_person(const char *name)
{
    static int number;
    struct person person = {0};
    (void)snprintf(person.email, sizeof(person.email), "p%d@example.org", ++number);
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    in.name = (char *)(uintptr_t)name;
    in.email = person.email;
    const Kith__V1__CreateMemberResponse *out = world_call(world.operator_, "CreateMember", &in);
    (void)snprintf(person.id, sizeof(person.id), "%s", out->member->id);
    (void)snprintf(person.token, sizeof(person.token), "%s", out->token);
    person.client = world_client(person.token);
    return person;
}

void world_person_fini(struct person *person)
{
    rpc_client_free(person->client);
    person->client = NULL;
}

char *world_contact(const struct person *owner, const char *name, const char *email)
{
    char id[ID_TEXT_SIZE], text[512];
    struct id made = id_new(clock_system());
    id_format(&made, id);
    (void)snprintf(text, sizeof(text),
        "INSERT INTO contact.contact (member_id, contact_id, name, email, name_fold) "
        "VALUES ('%s', '%s', '%s', '%s', lower('%s'))",
        owner->id, id, name, email, name);
    test_sql(world.admin, text);
    return arena_strdup(&world.arena, id);
}

int64_t world_count(const char *fmt, const char *id)
{
    char text[512];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(text, sizeof(text), fmt, id);
#pragma GCC diagnostic pop
    return test_sql_int(world.admin, text);
}

Kith__V1__Invitation *world_invite(const struct person *from, const char *contact)
{
    Kith__V1__SendInvitationRequest in = KITH__V1__SEND_INVITATION_REQUEST__INIT;
    in.contact_id = (char *)(uintptr_t)contact;
    in.note = (char *)(uintptr_t) "Shall we?";
    Kith__V1__SendInvitationResponse *out = world_call(from->client, "SendInvitation", &in);
    return out->invitation;
}
