/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random schedules of calls, slow ones, cancels, connections cut and servers restarted, against a
 * reference that knows only what was asked for and what was answered: every call ends, once, with
 * the reply to itself or an honest error; a call with an idempotency key that is repeated until it
 * succeeds has one effect; one that succeeded has one, another at most one.
 *
 * The schedule is the seed's; what the threads make of it is not. KITH_TEST_SEED runs one seed
 * instead of the fixed ones and a new one, KITH_TEST_ROUNDS sets how many calls each makes (the
 * long run: 20000).
 */
#include "clock/clock.h"
#include "db_test.h"
#include "idempotency/idempotency.h"
#include "log/log.h"
#include "loop.h"
#include "proxy.h"
#include "test_model_migrations.h"

#include <kith/v1/recommendation.pb-c.h>

#include <inttypes.h>
#include <unistd.h>

enum {
    N_CALLS = 250, /* of one seed, not counting repetitions */
    MAX_CALLS = 100000,
    IN_FLIGHT = 16,
    MAX_REPEATS = 200,
    CALL_TIMEOUT_MS = 60 * 1000,
    LIFE_BYTES = 8000, /* of a connection while they are cut */
};

#define ANSWER "/kith.v1.RecommendationService/Answer"
#define ASK_ID "01890a5d-ac96-774b-bcce-b302099a8057"

static struct db *admin, *db;
static struct rpc_server *server;
static struct rpc_client *client;
static struct proxy *proxy;
static char url[64];
static uint64_t seed;

static uint32_t chance(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % n;
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- the server: an effect is a row with the call's number ---- */

rpc_handler_fn rpc_answer, rpc_refuse;

RPC_HANDLER(answer, Kith__V1__AnswerRequest, Kith__V1__AnswerResponse)
{
    char *after_number;
    struct db_result *r = NULL;
    const struct db_param n = db_int(strtol(in->text, &after_number, 10));
    bool is_slow = strcmp(after_number, " slow") == 0;
    const char *statement = is_slow ? "INSERT INTO effect SELECT $1::int8 FROM pg_sleep(0.02)"
                                    : "INSERT INTO effect VALUES ($1::int8)";
    enum err_code code = db_query(ctx->db, test_stmt(statement, 1), &n, &r, &ctx->err);
    db_result_clear(&r);
    if (code != ERR_OK)
        return code;
    out->answer = arena_alloc(ctx->arena, sizeof(*out->answer));
    assert_non_null(out->answer);
    kith__v1__answer_entry__init(out->answer);
    out->answer->text = in->text;
    return ERR_OK;
}

enum err_code rpc_refuse(struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)in;
    (void)out;
    return err_raise(&ctx->err, REASON_ASK_NOT_FOUND, "nobody calls this here");
}

static enum err_code authenticate(void *self, struct db_session *session, const char *token,
    struct rpc_principal *out, struct err *err)
{
    (void)self;
    (void)session;
    (void)token;
    (void)err;
    *out = (struct rpc_principal){
        .caller = RPC_CALLER_MEMBER, .scopes = RPC_SCOPE_READ | RPC_SCOPE_WRITE};
    out->member.bytes[0] = 7;
    return ERR_OK;
}

static void serve(void)
{
    static const struct rpc_method methods[] = {
        {"RouteQuestion", rpc_refuse, DB_TX_NONE},
        {"Ask", rpc_refuse, DB_TX_WRITE},
        {"GetAsk", rpc_refuse, DB_TX_NONE},
        {"ListAsks", rpc_refuse, DB_TX_NONE},
        {"Answer", rpc_answer, DB_TX_WRITE},
        {"Pass", rpc_refuse, DB_TX_WRITE},
        {"ExplainDecision", rpc_refuse, DB_TX_NONE},
    };
    static const struct rpc_service service = {
        &kith__v1__recommendation_service__descriptor, methods, 7};
    const struct rpc_registration registration = {&service, NULL};
    const struct rpc_server_config config = {
        .listen = url,
        .workers = 3,
        .queue_limit = 1000,
        .max_message = 1 << 20,
        .max_memory = 4 << 20,
        .db = db,
        .clock = clock_system(),
        .authenticate = authenticate,
        .idempotency = &idempotency_store,
    };
    struct err err = {0};
    assert_ok(rpc_server_new(&server, &config, &registration, 1, &err), &err);
    assert_ok(rpc_server_listen(server, &err), &err);
}

static void restart(bool drains)
{
    if (drains)
        (void)rpc_server_drain(server, 1000);
    rpc_server_free(server);
    serve();
}

/* ---- calls, and what the reference knows of them ---- */

struct task {
    int number;
    bool is_free; /* of the driver */
    bool is_keyed, is_slow;
    bool is_cancelled;
    bool is_repetition; /* of one that succeeded */
    unsigned n_repeats;
    struct rpc_cancel cancel;
    atomic_int n_ended; /* what follows may be read once it is 1 */
    enum err_code code;
    enum err_reason reason;
    bool is_own_reply;
};

static struct task tasks[IN_FLIGHT];
static struct expectation {
    uint8_t min, max;
} * expected; /* effects, by number of the call */

static const char *text_of(const struct task *t, char out[32])
{
    (void)snprintf(out, 32, "%d%s", t->number, t->is_slow ? " slow" : "");
    return out;
}

static bool is_own_reply(const struct task *t, const struct db_bytes *out)
{
    char text[32];
    Kith__V1__AnswerResponse *reply = kith__v1__answer_response__unpack(NULL, out->len, out->data);
    bool is_own = reply && reply->answer && strcmp(reply->answer->text, text_of(t, text)) == 0;
    if (reply)
        kith__v1__answer_response__free_unpacked(reply, NULL);
    return is_own;
}

static void note_end(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct task *t = arg;
    t->code = err ? err->code : ERR_OK;
    t->reason = err ? err->reason : REASON_NONE;
    t->is_own_reply = out && is_own_reply(t, out);
    atomic_fetch_add(&t->n_ended, 1);
}

static void call(struct task *t)
{
    char key[32], text[32], ask_id[] = ASK_ID;
    uint8_t packed[128];
    Kith__V1__AnswerRequest in = KITH__V1__ANSWER_REQUEST__INIT;
    (void)snprintf(key, sizeof(key), "key-%d", t->number);
    (void)text_of(t, text);
    in.ask_id = ask_id;
    in.text = text;
    const struct db_bytes bytes = {packed, kith__v1__answer_request__pack(&in, packed)};
    const struct rpc_call_options options = {.timeout_ms = CALL_TIMEOUT_MS,
        .idempotency_key = t->is_keyed ? key : NULL,
        .cancel = &t->cancel};
    atomic_store(&t->n_ended, 0);
    rpc_client_call_async(client, ANSWER, &options, &bytes, note_end, t);
}

static void begin(struct task *t, int number)
{
    memset(t, 0, sizeof(*t));
    t->number = number;
    t->is_keyed = chance(2) == 0;
    t->is_slow = chance(5) == 0;
    expected[number] = (struct expectation){0, 1};
    call(t);
}

/* A call that was turned away did nothing, unless another try of it had begun before. */
static void refused(const struct task *t)
{
    if (!t->is_keyed)
        expected[t->number].max = 0;
}

/* What a call that ended means; some are made again. */
static void judge(struct task *t)
{
    assert_int_equal(atomic_load(&t->n_ended), 1);
    if (t->code == ERR_OK) {
        assert_true(t->is_own_reply);
        expected[t->number].min = 1;
    } else if (t->code == ERR_CANCELLED) {
        assert_true(t->is_cancelled);
    } else if (t->reason == REASON_SERVER_BUSY) {
        refused(t);
    } else if (t->code != ERR_UNAVAILABLE) {
        fail_msg("call %d failed: %s, %s", t->number, err_code_name(t->code),
            err_reason_info(t->reason)->name);
    }
    bool is_again = t->code != ERR_OK || (!t->is_repetition && t->number % 3 == 0);
    t->is_free = !t->is_keyed || t->is_cancelled || !is_again;
    if (t->is_free)
        return;
    t->is_repetition = t->is_repetition || t->code == ERR_OK;
    assert_true(t->n_repeats++ < MAX_REPEATS);
    call(t);
}

static struct task *find_free(void)
{
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        if (!tasks[i].is_free && atomic_load(&tasks[i].n_ended) > 0)
            judge(&tasks[i]);
        if (tasks[i].is_free)
            return &tasks[i];
    }
    return NULL;
}

static bool all_are_free(void)
{
    size_t n = 0;
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        if (!tasks[i].is_free && atomic_load(&tasks[i].n_ended) > 0)
            judge(&tasks[i]);
        n += tasks[i].is_free;
    }
    return n == IN_FLIGHT;
}

/* ---- the schedule ---- */

static void disturb(void)
{
    struct task *t = &tasks[chance(IN_FLIGHT)];
    switch (chance(40)) {
    case 0:
        restart(chance(2) == 0);
        return;
    case 1:
    case 2:
        proxy_lose_reply(proxy);
        return;
    case 3:
        proxy_set_life(proxy, LIFE_BYTES);
        return;
    case 4:
    case 5:
        proxy_set_life(proxy, 0);
        return;
    case 6:
    case 7:
    case 8:
    case 9:
        if (t->is_free)
            return;
        t->is_cancelled = true;
        rpc_client_cancel(client, &t->cancel);
        return;
    default:
        if (chance(4) == 0)
            loop_pause();
        return;
    }
}

static void compare_with_reference(int n_calls)
{
    struct db_session s = db_session(admin, 0);
    struct db_result *r = NULL;
    uint8_t *effects = calloc((size_t)n_calls, 1);
    assert_non_null(effects);
    test_sql_in(&s, "SELECT n, count(*) FROM model.effect GROUP BY n", &r);
    for (size_t row = 0; row < db_rows(r); row++)
        effects[db_get_int(r, row, 0)] = (uint8_t)db_get_int(r, row, 1);
    db_result_clear(&r);
    for (int n = 0; n < n_calls; n++)
        if (effects[n] < expected[n].min || effects[n] > expected[n].max)
            fail_msg("call %d had %d effects, not %d … %d", n, effects[n], expected[n].min,
                expected[n].max);
    free(effects);
}

static void run_schedule(uint64_t with_seed)
{
    int n_calls = (int)number_from("KITH_TEST_ROUNDS", N_CALLS);
    struct err err = {0};
    struct task *t;
    assert_in_range(n_calls, 1, MAX_CALLS);
    seed = with_seed;
    print_message("KITH_TEST_SEED=%" PRIu64 "\n", seed);
    test_sql(admin, "TRUNCATE model.effect, model.idempotency");
    (void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", loop_free_port());
    serve();
    proxy = proxy_start(url, seed);
    const struct rpc_client_config config = {.endpoints = proxy_url(proxy), .token = "member"};
    assert_ok(rpc_client_new(&client, &config, &err), &err);
    expected = calloc((size_t)n_calls, sizeof(*expected));
    assert_non_null(expected);
    for (size_t i = 0; i < IN_FLIGHT; i++)
        tasks[i].is_free = true;
    for (int number = 0; number < n_calls; number++) {
        loop_await((t = find_free()) != NULL);
        begin(t, number);
        disturb();
    }
    proxy_set_life(proxy, 0);
    loop_await(all_are_free());
    rpc_client_free(client);
    rpc_server_free(server);
    compare_with_reference(n_calls);
    free(expected);
    print_message("%d calls, %u connections broken\n", n_calls, proxy_count_broken(proxy));
    proxy_stop(proxy);
}

static void effects_and_replies_are_those_of_the_reference(void **state)
{
    (void)state;
    if (getenv("KITH_TEST_SEED")) {
        run_schedule(number_from("KITH_TEST_SEED", 1));
        return;
    }
    run_schedule(1);
    run_schedule(20);
    run_schedule(300);
    run_schedule((uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15));
}

static int open_databases(void **state)
{
    (void)state;
    const struct db_schema schema = {"model", test_model_migrations};
    struct db_config migrator = test_db_config(NULL, "migrator", 1);
    struct err err = {0};
    assert_ok(db_migrate(&migrator, &schema, NULL, &err), &err);
    admin = test_db_open(NULL, "admin", 1);
    db = test_db_open("model", "model", 4);
    return 0;
}

static int close_databases(void **state)
{
    (void)state;
    db_close(db);
    db_close(admin);
    return 0;
}

int main(void)
{
    log_open("test", "model", LOG_FORMAT_JSON, LOG_FATAL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_and_replies_are_those_of_the_reference),
    };
    return cmocka_run_group_tests(tests, open_databases, close_databases);
}
