/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "free_port.h"
#include "rig_migrations.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WAIT_MS = 20000, MAX_EMIT = 4096 };

void rig_pause(void)
{
    (void)poll(NULL, 0, 2);
}

/* ---- the consumer ---------------------------------------------------------------------------- */

static enum err_code effect(struct rpc_ctx *ctx, const struct queue_event *event)
{
    struct script *script = ctx->service;
    atomic_fetch_add(&script->n_in_gate, 1);
    while (atomic_load(&script->is_gate_closed))
        rig_pause();
    const struct db_param params[] = {db_id(&event->member), db_id(&event->id)};
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    enum err_code code = db_query(ctx->db,
        test_stmt("INSERT INTO effect (member_id, event_id) VALUES ($1::uuid, $2::uuid)", 2),
        params, &r, &ctx->err);
    if (code != ERR_OK)
        return code;
    uint8_t refused = atomic_load(&script->refused_member);
    if (refused != 0 && event->member.bytes[0] == refused) {
        atomic_fetch_add(&script->n_refused, 1);
        enum err_reason refusal = atomic_load(&script->refusal);
        return err_raise(&ctx->err, refusal == REASON_NONE ? REASON_INTERNAL_ERROR : refusal,
            "refused by the test");
    }
    if (atomic_fetch_add(&script->n_effects, 1) + 1 == script->kill_in)
        (void)raise(SIGKILL);
    return ERR_OK;
}

static void after(void *service, const struct queue_event *event)
{
    (void)event;
    struct script *script = service;
    if (atomic_fetch_add(&script->n_after, 1) + 1 == script->kill_after)
        (void)raise(SIGKILL);
}

static const struct queue_handler handlers[] = {
    {"kith.v1.MemberChanged", effect, after},
    {"kith.v1.ContactsChanged", effect, NULL},
};

static enum err_code authenticate(void *self, struct db_session *db, const char *token,
    struct rpc_principal *out, struct err *err)
{
    (void)self;
    (void)db;
    (void)token;
    (void)err;
    *out = (struct rpc_principal){.caller = RPC_CALLER_SERVICE};
    return ERR_OK;
}

void rig_start_consumer(struct rig *rig)
{
    struct err err = {0};
    rig->handlers =
        (struct queue_consumer){.service = &rig->script, .handlers = handlers, .n_handlers = 2};
    const struct rpc_server_config config = {.listen = rig->url,
        .workers = 4,
        .queue_limit = 100,
        .max_message = 1 << 20,
        .max_memory = 4 << 20,
        .db = rig->consumer,
        .clock = clock_system(),
        .authenticate = authenticate};
    const struct rpc_registration services[] = {{&queue_rpc, &rig->handlers}};
    assert_ok(rpc_server_new(&rig->server, &config, services, 1, &err), &err);
    assert_ok(rpc_server_listen(rig->server, &err), &err);
}

void rig_stop_consumer(struct rig *rig)
{
    rpc_server_free(rig->server);
    rig->server = NULL;
}

void rig_open_consumer(struct rig *rig, const char *url)
{
    memset(rig, 0, sizeof(*rig));
    (void)snprintf(rig->url, sizeof(rig->url), "%s", url);
    rig->consumer = test_db_open("till", "consumer", 4);
}

static pid_t spawn_consumer(
    const struct rig *rig, const char *program, int kill_after, int kill_in, int *input)
{
    int ends[2];
    pid_t pid;
    char path[256];
    char url[sizeof(rig->url)];
    char after_text[16];
    char in_text[16];
    (void)snprintf(path, sizeof(path), "%s", program);
    (void)snprintf(url, sizeof(url), "%s", rig->url);
    (void)snprintf(after_text, sizeof(after_text), "%d", kill_after);
    (void)snprintf(in_text, sizeof(in_text), "%d", kill_in);
    char *const argv[] = {path, url, after_text, in_text, NULL};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO), 0);
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[0]);
    *input = ends[1];
    return pid;
}

void rig_run_consumer(struct rig *rig, const char *program, int kill_after, int kill_in)
{
    int input;
    int status;
    pid_t pid = spawn_consumer(rig, program, kill_after, kill_in, &input);
    pid_t ended;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        /* Given up just before this one lived: nothing will kill it. */
        if (rig_count(rig, "SELECT count(*) FROM shop.dead_letter") > 0)
            (void)kill(pid, SIGKILL);
        (void)poll(NULL, 0, 2);
    }
    assert_int_equal(ended, pid);
    assert_true(WIFSIGNALED(status));
    (void)close(input);
}

struct rpc_client *rig_client(const struct rig *rig)
{
    struct err err = {0};
    struct rpc_client *client = NULL;
    const struct rpc_client_config config = {.endpoints = rig->url, .token = "service"};
    assert_ok(rpc_client_new(&client, &config, &err), &err);
    return client;
}

/* ---- schemas --------------------------------------------------------------------------------- */

static void migrate(const char *schema)
{
    struct err err = {0};
    const struct db_schema s = {schema, rig_migrations};
    const struct db_config config = test_db_config(NULL, "migrator", 1);
    assert_ok(db_migrate(&config, &s, NULL, &err), &err);
}

const char *rig_free_url(void)
{
    static char url[64];
    (void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", test_free_port());
    return url;
}

void rig_open(struct rig *rig)
{
    migrate("shop");
    migrate("till");
    rig_open_consumer(rig, "");
    rig->admin = test_db_open(NULL, "admin", 2);
    rig->producer = test_db_open("shop", "producer", 4);
}

void rig_close(struct rig *rig)
{
    db_close(rig->admin);
    db_close(rig->producer);
    db_close(rig->consumer);
}

void rig_reset(struct rig *rig)
{
    memset(&rig->script, 0, sizeof(rig->script));
    test_sql(rig->admin,
        "TRUNCATE shop.outbox, shop.dead_letter, shop.bucket_relay, till.inbox, till.effect");
    test_sql(rig->admin, "UPDATE shop.bucket_owner SET owner = NULL, leased_until = '-infinity'");
    (void)snprintf(rig->url, sizeof(rig->url), "%s", rig_free_url());
}

/* ---- events ---------------------------------------------------------------------------------- */

struct id rig_member(int number)
{
    struct id id = {{0}};
    id.bytes[0] = (uint8_t)number;
    id.bytes[1] = (uint8_t)(number >> 8);
    id.bytes[6] = 0x70;
    return id;
}

static void emit_one_each(struct rig *rig, int first, int n, const char *kind)
{
    static struct id members[MAX_EMIT];
    static struct id ids[MAX_EMIT];
    static int64_t buckets[MAX_EMIT];
    assert_true(n <= MAX_EMIT);
    for (int i = 0; i < n; i++) {
        members[i] = rig_member(first + i);
        ids[i] = id_new(clock_system());
        buckets[i] = id_bucket(&members[i]);
    }
    const struct db_param params[] = {db_id_array(members, (size_t)n), db_id_array(ids, (size_t)n),
        db_int_array(buckets, (size_t)n), db_text(kind)};
    struct err err = {0};
    struct db_session s = db_session(rig->producer, 0);
    struct db_result *r = NULL;
    assert_ok(db_query(&s,
                  test_stmt("INSERT INTO outbox (member_id, id, bucket, kind, traceparent, payload,"
                            " subscriber) SELECT e.member_id, e.id, e.bucket, $4::text, "
                            "'00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '\\x00', "
                            "r.subscriber FROM unnest($1::uuid[], $2::uuid[], $3::int4[]) AS e "
                            "(member_id, id, bucket), outbox_route AS r WHERE r.kind = $4::text",
                      4),
                  params, &r, &err),
        &err);
    db_result_clear(&r);
}

void rig_emit(struct rig *rig, int first, int n, int each, const char *kind)
{
    for (int i = 0; i < each; i++)
        emit_one_each(rig, first, n, kind);
}

/* ---- questions ------------------------------------------------------------------------------- */

int64_t rig_count(struct rig *rig, const char *text)
{
    return test_sql_int(rig->admin, text);
}

void rig_await(struct rig *rig, const char *count, int64_t expected)
{
    int64_t end_us = clock_mono_us(clock_system()) + INT64_C(1000) * MAX_WAIT_MS;
    int64_t last;
    while ((last = rig_count(rig, count)) != expected) {
        if (clock_mono_us(clock_system()) > end_us)
            fail_msg("%s is %ld, not %ld", count, (long)last, (long)expected);
        rig_pause();
    }
}

void rig_assert_once_and_in_order(struct rig *rig, int64_t n)
{
    assert_int_equal(rig_count(rig, "SELECT count(*) FROM till.effect"), n);
    assert_int_equal(rig_count(rig, "SELECT count(DISTINCT event_id) FROM till.effect"), n);
    assert_int_equal(
        rig_count(rig,
            "SELECT count(*) FROM (SELECT event_id < lag(event_id) OVER (PARTITION BY "
            "member_id ORDER BY number) AS is_late FROM till.effect) AS e WHERE is_late"),
        0);
}

void rig_await_all_done(struct rig *rig, int64_t n)
{
    rig_await(rig, "SELECT count(*) FROM shop.outbox WHERE subscriber = 'till'", 0);
    rig_assert_once_and_in_order(rig, n);
}
