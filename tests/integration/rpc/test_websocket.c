/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services over WebSocket, with and without TLS.
 */
#include "free_port.h"
#include "loop.h"
#include "tls_rig.h"
#include "unit_test.h"

#include <stdio.h>
#include <string.h>

static void serve(struct tls_rig *rig, const char *scheme, const char *owner, char url[64])
{
    const struct rpc_tls files = tls_rig_files(owner, "ours/ca.pem");
    (void)snprintf(url, 64, "%s://127.0.0.1:%d/", scheme, test_free_port());
    assert_ok(tls_rig_try_serve(rig, &files, false, url), &rig->err);
}

/* A call of some size and its reply. */
static void assert_works(struct tls_rig *rig, const char *url, const char *owner, const char *ca)
{
    struct rpc_client *client = tls_rig_connect(rig, url, owner, ca);
    static uint8_t payload[4 + 60000] = {'\n', 0xe0, 0xd4, 3}; /* 60000 bytes follow */
    const struct db_bytes in = {payload, sizeof(payload)};
    struct db_bytes out = {0};
    struct arena arena;
    arena_init(&arena, 1 << 20);
    assert_ok(rpc_client_call_bytes(
                  client, "/kith.v1.HealthService/Ping", NULL, &in, &arena, &out, &rig->err),
        &rig->err);
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.data, in.data, in.len);
    arena_fini(&arena);
    rpc_client_free(client);
}

static void certificates_let_calls_through_as_over_tcp(void **state)
{
    (void)state;
    struct tls_rig rig;
    char url[64];
    serve(&rig, "wss", "ours/server", url);
    assert_works(&rig, url, "ours/client", "ours/ca.pem");
    assert_true(tls_rig_is_refused(&rig, url, NULL, "ours/ca.pem"));
    assert_true(tls_rig_is_refused(&rig, url, "theirs/client", "ours/ca.pem"));
    assert_true(tls_rig_is_refused(&rig, url, "ours/client", "theirs/ca.pem"));
    tls_rig_stop(&rig);
}

static void a_certificate_is_renewed_as_over_tcp(void **state)
{
    (void)state;
    struct tls_rig rig;
    char url[64];
    tls_rig_put_in_place("ours/server");
    serve(&rig, "wss", "now", url);
    struct rpc_client *there = tls_rig_connect(&rig, url, "ours/client", "ours/ca.pem");
    assert_ok(tls_rig_ping(there, &rig.err), &rig.err);
    tls_rig_put_in_place("theirs/server");
    assert_ok(rpc_server_renew_certificate(rig.server, &rig.err), &rig.err);
    assert_works(&rig, url, "ours/client", "theirs/ca.pem");
    assert_true(tls_rig_is_refused(&rig, url, "ours/client", "ours/ca.pem"));
    assert_ok(tls_rig_ping(there, &rig.err), &rig.err);
    rpc_client_free(there);
    tls_rig_stop(&rig);
}

static void without_certificates_it_works_on_this_machine(void **state)
{
    (void)state;
    struct tls_rig rig;
    char url[64];
    serve(&rig, "ws", NULL, url);
    assert_works(&rig, url, NULL, NULL);
    tls_rig_stop(&rig);
}

static void to_listen_with_tls_takes_a_certificate(void **state)
{
    (void)state;
    struct tls_rig rig;
    const struct rpc_tls none = {0};
    assert_int_not_equal(tls_rig_try_serve(&rig, &none, false, "wss://127.0.0.1:1/"), ERR_OK);
    assert_int_equal(rig.err.reason, REASON_CONFIG_INVALID);
    assert_non_null(strstr(rig.err.msg, "tls-certificate"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_certificates_it_works_on_this_machine),
        cmocka_unit_test(to_listen_with_tls_takes_a_certificate),
        cmocka_unit_test(certificates_let_calls_through_as_over_tcp),
        cmocka_unit_test(a_certificate_is_renewed_as_over_tcp),
    };
    return cmocka_run_group_tests(tests, tls_rig_make_certificates, tls_rig_remove_certificates);
}
