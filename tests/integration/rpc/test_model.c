/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random schedules of calls, slow ones, cancels, streams, connections cut and servers killed and
 * restarted, against a reference that knows only what was asked for and what was answered:
 *
 * - Every call ends, once, with the reply to itself or an honest error.
 * - One that succeeded has had one effect; one that was refused before it began has had none;
 *   another at most one, also where it was repeated by its idempotency key.
 * - A stream has all its items, in order, each once, also where it went on from a cursor.
 *
 * The schedule is the seed's; what the threads and processes make of it is not. KITH_TEST_SEED runs
 * one seed instead of a fixed and a new one, KITH_TEST_ROUNDS sets how many calls each makes (the
 * long run: 20000).
 */
#include "clock/clock.h"
#include "db_test.h"
#include "free_port.h"
#include "log/log.h"
#include "loop.h"
#include "model.h"
#include "model_reader.h"
#include "proxy.h"
#include "random.h"
#include "test_model_migrations.h"

#include <kith/v1/recommendation.pb-c.h>

#include <inttypes.h>
#include <unistd.h>

enum {
    N_CALLS = 300, /* of one seed, not counting repetitions */
    MAX_CALLS = 100000,
    IN_FLIGHT = 16,
    MAX_REPEATS = 200,
    CALL_TIMEOUT_MS = 60 * 1000,
    LIFE_BYTES = 20000, /* of a connection while they are cut */
    ITEMS_PER_CALL = 16,
    SERVERS = 2,
    READERS = 2,
};

#define ANSWER "/kith.v1.RecommendationService/Answer"
#define ASK_ID "01890a5d-ac96-774b-bcce-b302099a8057"

static struct db *admin;
static struct model_server servers[SERVERS];
static struct proxy *proxies[SERVERS];
static struct board *board;
static struct reader readers[READERS];
static struct rpc_client *client;
static uint64_t seed;

static uint32_t chance(uint32_t n)
{
    return random_below(&seed, n);
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

/* It did nothing, unless another try of it had begun before. */
static bool was_turned_away(const struct task *t)
{
    return !t->is_keyed &&
           (t->reason == REASON_SERVER_BUSY || t->reason == REASON_SERVER_DRAINING ||
               t->reason == REASON_SERVER_UNREACHABLE);
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
    } else if (was_turned_away(t)) {
        expected[t->number].max = 0;
    } else if (t->code != ERR_UNAVAILABLE && t->reason != REASON_SERVER_BUSY) {
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

static void restart(struct model_server *server)
{
    if (chance(2) == 0)
        model_server_kill(server);
    else
        model_server_stop(server);
    model_server_start(server);
}

static void cancel(struct task *t)
{
    if (t->is_free)
        return;
    t->is_cancelled = true;
    rpc_client_cancel(client, &t->cancel);
}

static void disturb(void)
{
    struct task *t = &tasks[chance(IN_FLIGHT)];
    size_t i = chance(SERVERS);
    uint32_t what = chance(40);
    if (what < 1)
        restart(&servers[i]);
    else if (what < 3)
        proxy_lose_reply(proxies[i]);
    else if (what < 5)
        proxy_set_life(proxies[i], LIFE_BYTES);
    else if (what < 7)
        proxy_set_life(proxies[i], 0);
    else if (what < 11)
        cancel(t);
    else if (chance(4) == 0)
        loop_pause();
}

static void set_up(int n_calls, bool forgets)
{
    char urls[SERVERS * 64] = "";
    struct err err = {0};
    test_sql(admin, "TRUNCATE model.effect, model.idempotency");
    board = model_board_new();
    for (size_t i = 0; i < SERVERS; i++) {
        servers[i] = (struct model_server){.forgets = forgets};
        (void)snprintf(
            servers[i].url, sizeof(servers[i].url), "tcp://127.0.0.1:%d", test_free_port());
        model_server_start(&servers[i]);
        proxies[i] = proxy_start(servers[i].url, seed + i);
        (void)snprintf(urls + strlen(urls), sizeof(urls) - strlen(urls), "%s%s", i > 0 ? "," : "",
            proxy_url(proxies[i]));
    }
    const struct rpc_client_config config = {.endpoints = urls, .token = "member"};
    assert_ok(rpc_client_new(&client, &config, &err), &err);
    for (size_t i = 0; i < READERS; i++)
        reader_start(&readers[i], client, seed + i);
    expected = calloc((size_t)n_calls, sizeof(*expected));
    assert_non_null(expected);
    for (size_t i = 0; i < IN_FLIGHT; i++)
        tasks[i].is_free = true;
}

/* Every stream ends, and so does every process. */
static void wind_up(void)
{
    atomic_store(&board->is_complete, true);
    for (size_t i = 0; i < READERS; i++)
        reader_join(&readers[i]);
    rpc_client_free(client);
    for (size_t i = 0; i < SERVERS; i++)
        model_server_stop(&servers[i]);
    /* What servers that were killed had begun, the database may still be at. */
    loop_await(
        test_sql_int(admin, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'model'") == 0);
}

static void check_readers(void)
{
    for (size_t i = 0; i < READERS; i++) {
        if (readers[i].failure[0])
            fail_msg("stream %zu: %s", i, readers[i].failure);
        assert_int_equal(readers[i].n, atomic_load(&board->n_items));
    }
}

/* How many calls had fewer or more effects than they may. */
static int count_wrong_effects(int n_calls)
{
    struct db_session s = db_session(admin, 0);
    struct db_result *r = NULL;
    int n_wrong = 0;
    int64_t *effects = calloc((size_t)n_calls, sizeof(*effects));
    assert_non_null(effects);
    test_sql_in(&s, "SELECT n, count(*) FROM model.effect GROUP BY n", &r);
    for (size_t row = 0; row < db_rows(r); row++)
        effects[db_get_int(r, row, 0)] = db_get_int(r, row, 1);
    db_result_clear(&r);
    for (int n = 0; n < n_calls; n++) {
        if (effects[n] >= expected[n].min && effects[n] <= expected[n].max)
            continue;
        if (n_wrong++ == 0)
            print_message("call %d had %" PRId64 " effects, not %d … %d\n", n, effects[n],
                expected[n].min, expected[n].max);
    }
    free(effects);
    return n_wrong;
}

static int run_schedule(uint64_t with_seed, bool forgets)
{
    int n_calls = (int)random_told("KITH_TEST_ROUNDS", N_CALLS);
    struct task *t;
    unsigned n_broken = 0;
    assert_in_range(n_calls, 1, MAX_CALLS);
    seed = with_seed;
    print_message("KITH_TEST_SEED=%" PRIu64 "\n", seed);
    set_up(n_calls, forgets);
    for (int number = 0; number < n_calls; number++) {
        loop_await((t = find_free()) != NULL);
        begin(t, number);
        atomic_fetch_add(&board->n_items, (int)chance(ITEMS_PER_CALL));
        disturb();
    }
    for (size_t i = 0; i < SERVERS; i++)
        proxy_set_life(proxies[i], 0);
    loop_await(all_are_free());
    wind_up();
    int n_wrong = count_wrong_effects(n_calls);
    free(expected);
    for (size_t i = 0; i < SERVERS; i++) {
        n_broken += proxy_count_broken(proxies[i]);
        proxy_stop(proxies[i]);
    }
    print_message("%d calls, %d items, %u connections ended, streams resumed %u and %u times\n",
        n_calls, atomic_load(&board->n_items), n_broken, readers[0].n_reopened,
        readers[1].n_reopened);
    check_readers();
    return n_wrong;
}

static void effects_replies_and_items_are_those_of_the_reference(void **state)
{
    (void)state;
    if (getenv("KITH_TEST_SEED")) {
        assert_int_equal(run_schedule(random_told("KITH_TEST_SEED", 1), false), 0);
        return;
    }
    assert_int_equal(run_schedule(1, false), 0);
    assert_int_equal(run_schedule((uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15), false), 0);
}

/* An oracle that can not say no proves nothing. */
static void servers_that_forget_keys_are_found_out(void **state)
{
    (void)state;
    assert_true(run_schedule(2, true) > 0);
}

static int open_databases(void **state)
{
    (void)state;
    const struct db_schema schema = {"model", test_model_migrations};
    struct db_config migrator = test_db_config(NULL, "migrator", 1);
    struct err err = {0};
    assert_ok(db_migrate(&migrator, &schema, NULL, &err), &err);
    admin = test_db_open(NULL, "admin", 1);
    return 0;
}

static int close_databases(void **state)
{
    (void)state;
    db_close(admin);
    return 0;
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_replies_and_items_are_those_of_the_reference),
        cmocka_unit_test(servers_that_forget_keys_are_found_out),
    };
    if (model_is_server(argc, argv))
        return model_serve(argv);
    log_open("test", "model", LOG_FORMAT_JSON, LOG_FATAL);
    return cmocka_run_group_tests(tests, open_databases, close_databases);
}
