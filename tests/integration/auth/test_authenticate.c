/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/auth.h"
#include "db_test.h"

enum { US_PER_S = 1000000 };

static struct db *db;
static struct auth *auth;
static int64_t now_us = INT64_C(1700000000) * US_PER_S;
static char service_token[AUTH_TOKEN_SIZE];
static char operator_token[AUTH_TOKEN_SIZE];
static char member_token[AUTH_TOKEN_SIZE];

static int64_t test_now(void *self)
{
    return *(const int64_t *)self;
}

static const struct clock test_clock = {test_now, test_now, &now_us};

/* A view as the contact service grants it; the test turns it by hand. */
static void make_view(void)
{
    test_sql(db, "DROP SCHEMA IF EXISTS contact CASCADE");
    test_sql(db, "CREATE SCHEMA contact");
    test_sql(db, "CREATE TABLE contact.v1_token (token_hash bytea PRIMARY KEY, token_id uuid, "
                 "member_id uuid, scopes int8, expires_at timestamptz)");
}

static int open_auth(void **state)
{
    (void)state;
    struct err err = {0};
    db = test_db_open(NULL, "test auth", 1);
    make_view();
    auth_token_new(service_token);
    auth_token_new(operator_token);
    auth_token_new(member_token);
    const struct auth_config config = {service_token, operator_token, &test_clock};
    assert_ok(auth_new(&auth, &config, &err), &err);
    return 0;
}

static int close_auth(void **state)
{
    (void)state;
    auth_free(auth);
    db_close(db);
    return 0;
}

static enum err_code authenticate(const char *token, struct rpc_principal *out, struct err *err)
{
    struct db_session session = db_session(db, 0);
    return auth_authenticate(auth, &session, token, out, err);
}

static void assert_refused(const char *token, enum err_reason reason)
{
    struct rpc_principal who;
    struct err err = {0};
    assert_int_equal(authenticate(token, &who, &err), ERR_UNAUTHENTICATED);
    assert_int_equal(err.reason, reason);
}

/* expires_us < 0: never. */
static void grant_to(uint8_t member, const char *token, int64_t expires_us)
{
    uint8_t hash[AUTH_HASH_SIZE];
    auth_token_hash(token, hash);
    const struct id token_id = {{1}};
    const struct id member_id = {{member}};
    struct db_session s = db_session(db, 0);
    struct db_result *r = NULL;
    struct err err = {0};
    const struct db_param params[] = {db_bytes(hash, sizeof(hash)), db_id(&token_id),
        db_id(&member_id), db_int(RPC_SCOPE_READ),
        expires_us < 0 ? db_null(DB_TIME) : db_time(expires_us)};
    const struct db_stmt *insert =
        test_stmt("INSERT INTO contact.v1_token VALUES ($1::bytea, $2::uuid, $3::uuid, $4::int8, "
                  "$5::timestamptz)",
            5);
    assert_ok(db_query(&s, insert, params, &r, &err), &err);
    db_result_clear(&r);
}

static void grant(const char *token, int64_t expires_us)
{
    grant_to(2, token, expires_us);
}

static void revoke_all(void)
{
    test_sql(db, "DELETE FROM contact.v1_token");
}

static int forget(void **state)
{
    (void)state;
    revoke_all();
    now_us += 10 * US_PER_S; /* past everything remembered */
    return 0;
}

static void service_and_operator_are_known_by_their_tokens(void **state)
{
    (void)state;
    struct rpc_principal who;
    struct err err = {0};
    assert_ok(authenticate(service_token, &who, &err), &err);
    assert_int_equal(who.caller, RPC_CALLER_SERVICE);
    assert_ok(authenticate(operator_token, &who, &err), &err);
    assert_int_equal(who.caller, RPC_CALLER_OPERATOR);
    assert_true(id_is_zero(&who.member));
}

static void a_member_is_known_with_token_and_scopes(void **state)
{
    (void)state;
    struct rpc_principal who;
    struct err err = {0};
    grant(member_token, -1);
    assert_ok(authenticate(member_token, &who, &err), &err);
    assert_int_equal(who.caller, RPC_CALLER_MEMBER);
    assert_int_equal(who.token.bytes[0], 1);
    assert_int_equal(who.member.bytes[0], 2);
    assert_int_equal(who.scopes, RPC_SCOPE_READ);
}

static void nobody_is_known_without_a_good_token(void **state)
{
    (void)state;
    char other[AUTH_TOKEN_SIZE];
    auth_token_new(other);
    assert_refused(NULL, REASON_TOKEN_MISSING);
    assert_refused("", REASON_TOKEN_MISSING);
    assert_refused("kith_x", REASON_TOKEN_MALFORMED);
    assert_refused(other, REASON_TOKEN_UNKNOWN);
}

static void a_revoked_token_is_refused_within_a_second(void **state)
{
    (void)state;
    struct rpc_principal who;
    struct err err = {0};
    grant(member_token, -1);
    assert_ok(authenticate(member_token, &who, &err), &err);
    revoke_all();
    now_us += US_PER_S - 1;
    assert_ok(authenticate(member_token, &who, &err), &err); /* from memory: no look-up */
    now_us += 1;
    assert_refused(member_token, REASON_TOKEN_UNKNOWN);
}

static void a_token_ends_when_it_expires_also_in_memory(void **state)
{
    (void)state;
    struct rpc_principal who;
    struct err err = {0};
    grant(member_token, now_us + US_PER_S / 2);
    assert_ok(authenticate(member_token, &who, &err), &err);
    now_us += US_PER_S / 2;
    assert_refused(member_token, REASON_TOKEN_UNKNOWN);
}

static void those_remembered_are_not_mixed_up(void **state)
{
    enum { N_MEMBERS = 100, FIRST = 3 };
    (void)state;
    static char tokens[N_MEMBERS][AUTH_TOKEN_SIZE];
    struct rpc_principal who;
    struct err err = {0};
    for (int i = 0; i < N_MEMBERS; i++) {
        auth_token_new(tokens[i]);
        grant_to((uint8_t)(FIRST + i), tokens[i], -1);
    }
    for (int i = 0; i < N_MEMBERS; i++) {
        assert_ok(authenticate(tokens[i], &who, &err), &err);
        assert_int_equal(who.member.bytes[0], FIRST + i);
    }
    revoke_all();
    int n_remembered = 0;
    for (int i = 0; i < N_MEMBERS; i++) {
        if (authenticate(tokens[i], &who, &err) != ERR_OK)
            continue; /* in another's place */
        assert_int_equal(who.member.bytes[0], FIRST + i);
        n_remembered++;
    }
    assert_in_range(n_remembered, N_MEMBERS / 2, N_MEMBERS);
    char *last = &tokens[0][strlen(tokens[0]) - 1];
    *last = *last == 'A' ? 'B' : 'A';
    assert_int_equal(authenticate(tokens[0], &who, &err), ERR_UNAUTHENTICATED);
}

static void a_setting_that_is_no_token_is_refused_without_showing_it(void **state)
{
    (void)state;
    struct auth *none = NULL;
    struct err err = {0};
    const struct auth_config config = {"hunter2", NULL, &test_clock};
    assert_int_equal(auth_new(&none, &config, &err), ERR_INVALID_ARGUMENT);
    assert_int_equal(err.reason, REASON_CONFIG_INVALID);
    assert_non_null(strstr(err.msg, "service-token"));
    assert_null(strstr(err.msg, "hunter2"));
    assert_null(none);
}

static void without_service_tokens_nobody_is_a_service(void **state)
{
    (void)state;
    struct auth *plain = NULL;
    struct err err = {0};
    struct rpc_principal who;
    const struct auth_config config = {"", NULL, &test_clock};
    assert_ok(auth_new(&plain, &config, &err), &err);
    struct db_session session = db_session(db, 0);
    assert_int_equal(
        auth_authenticate(plain, &session, service_token, &who, &err), ERR_UNAUTHENTICATED);
    auth_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(service_and_operator_are_known_by_their_tokens, forget),
        cmocka_unit_test_setup(a_member_is_known_with_token_and_scopes, forget),
        cmocka_unit_test_setup(nobody_is_known_without_a_good_token, forget),
        cmocka_unit_test_setup(a_revoked_token_is_refused_within_a_second, forget),
        cmocka_unit_test_setup(a_token_ends_when_it_expires_also_in_memory, forget),
        cmocka_unit_test_setup(those_remembered_are_not_mixed_up, forget),
        cmocka_unit_test_setup(a_setting_that_is_no_token_is_refused_without_showing_it, forget),
        cmocka_unit_test_setup(without_service_tokens_nobody_is_a_service, forget),
    };
    return cmocka_run_group_tests(tests, open_auth, close_auth);
}
