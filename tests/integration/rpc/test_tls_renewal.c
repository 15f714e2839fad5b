/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"
#include "tls_rig.h"
#include "unit_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Both authorities are trusted by what reads this. */
static void trust_both(void)
{
    char text[8192];
    size_t len = 0;
    const char *const parts[] = {"ours/ca.pem", "theirs/ca.pem"};
    for (size_t i = 0; i < 2; i++) {
        FILE *part = fopen(tls_rig_path(parts[i]), "re");
        len += fread(text + len, 1, sizeof(text) - len, part);
        (void)fclose(part);
    }
    FILE *both = fopen(tls_rig_path("both.pem"), "we");
    assert_int_equal(fwrite(text, 1, len, both), len);
    (void)fclose(both);
}

static void new_connections_get_the_new_certificate(void **state)
{
    (void)state;
    struct tls_rig rig;
    tls_rig_put_in_place("ours/server");
    tls_rig_serve(&rig, "now", "ours/ca.pem");
    struct rpc_client *there = tls_rig_connect(&rig, rig.url, "ours/client", "ours/ca.pem");
    assert_ok(tls_rig_ping(there, &rig.err), &rig.err);

    tls_rig_put_in_place("theirs/server");
    assert_ok(rpc_server_renew_certificate(rig.server, &rig.err), &rig.err);
    assert_ok(tls_rig_try(&rig, "ours/client", "theirs/ca.pem"), &rig.err);
    assert_true(tls_rig_is_refused(&rig, rig.url, "ours/client", "ours/ca.pem"));
    assert_ok(tls_rig_ping(there, &rig.err), &rig.err);
    rpc_client_free(there);
    tls_rig_stop(&rig);
}

static void assert_stays(struct tls_rig *rig, const char *hint)
{
    struct err err;
    assert_int_not_equal(rpc_server_renew_certificate(rig->server, &err), ERR_OK);
    assert_int_equal(err.reason, REASON_CERTIFICATE_INVALID);
    if (!strstr(err.msg, hint))
        fail_msg("%s", err.msg);
    assert_ok(tls_rig_try(rig, "ours/client", "ours/ca.pem"), &rig->err);
}

static void a_bad_new_certificate_keeps_the_old(void **state)
{
    (void)state;
    struct tls_rig rig;
    tls_rig_certify_expired("ours", (const char *const[]){"service", "old", "x", NULL});
    tls_rig_put_in_place("ours/server");
    tls_rig_serve(&rig, "now", "ours/ca.pem");
    tls_rig_copy("theirs/server.pem", "now.pem");
    assert_stays(&rig, "is not that of");
    tls_rig_copy("ours/server.key", "now.pem");
    assert_stays(&rig, "holds no certificates");
    tls_rig_put_in_place("ours/old");
    assert_stays(&rig, "expired on");
    assert_int_equal(unlink(tls_rig_path("now.pem")), 0);
    assert_stays(&rig, "No such file");
    tls_rig_put_in_place("ours/server");
    assert_ok(rpc_server_renew_certificate(rig.server, &rig.err), &rig.err);
    tls_rig_stop(&rig);
}

/* ---- under load ---- */

enum { CALLERS = 3, RENEWALS = 25 };

struct load {
    struct tls_rig *rig;
    struct rpc_client *client; /* of all callers */
    atomic_bool is_over;
    atomic_int n_calls, n_new, n_failed;
};

static void *keep_calling(void *arg)
{
    struct load *load = arg;
    struct err err;
    while (!atomic_load(&load->is_over)) {
        bool is_failed = tls_rig_ping(load->client, &err) != ERR_OK;
        atomic_fetch_add(&load->n_calls, 1);
        if (is_failed) {
            print_error("%s\n", err.msg);
            atomic_fetch_add(&load->n_failed, 1);
        }
    }
    return NULL;
}

static void *keep_connecting(void *arg)
{
    struct load *load = arg;
    while (!atomic_load(&load->is_over)) {
        struct rpc_client *client = NULL;
        struct err err;
        const struct rpc_client_config config = {
            .endpoints = load->rig->url, .tls = tls_rig_files("ours/client", "both.pem")};
        bool is_failed = rpc_client_new(&client, &config, &err) != ERR_OK ||
                         tls_rig_ping(client, &err) != ERR_OK;
        rpc_client_free(client);
        atomic_fetch_add(&load->n_new, 1);
        if (is_failed) {
            print_error("new: %s\n", err.msg);
            atomic_fetch_add(&load->n_failed, 1);
        }
    }
    return NULL;
}

static void renewal_under_load_fails_no_call(void **state)
{
    (void)state;
    struct tls_rig rig;
    pthread_t threads[CALLERS + 1];
    trust_both();
    tls_rig_put_in_place("ours/server");
    tls_rig_serve(&rig, "now", "both.pem");
    struct load load = {.rig = &rig};
    load.client = tls_rig_connect(&rig, rig.url, "ours/client", "both.pem");
    for (size_t i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_calling, &load), 0);
    assert_int_equal(pthread_create(&threads[CALLERS], NULL, keep_connecting, &load), 0);
    for (int i = 0; i < RENEWALS; i++) {
        int calls = atomic_load(&load.n_calls), fresh = atomic_load(&load.n_new);
        loop_await(atomic_load(&load.n_calls) > calls + 20 && atomic_load(&load.n_new) > fresh);
        tls_rig_put_in_place(i % 2 == 0 ? "theirs/server" : "ours/server");
        assert_ok(rpc_server_renew_certificate(rig.server, &rig.err), &rig.err);
    }
    atomic_store(&load.is_over, true);
    for (size_t i = 0; i <= CALLERS; i++)
        (void)pthread_join(threads[i], NULL);
    print_message(
        "%d calls, %d new connections\n", atomic_load(&load.n_calls), atomic_load(&load.n_new));
    assert_int_equal(atomic_load(&load.n_failed), 0);
    rpc_client_free(load.client);
    tls_rig_stop(&rig);
}

/* ---- the other side ---- */

static void a_client_takes_its_replaced_certificate_to_the_next_connection(void **state)
{
    (void)state;
    struct tls_rig rig;
    char listen[64];
    tls_rig_put_in_place("ours/client");
    tls_rig_serve(&rig, "ours/server", "ours/ca.pem");
    struct rpc_client *client = tls_rig_connect(&rig, rig.url, "now", "ours/ca.pem");
    assert_ok(tls_rig_ping(client, &rig.err), &rig.err);
    (void)snprintf(listen, sizeof(listen), "%s", rig.url);
    tls_rig_stop(&rig);

    /* The server is back, and only accepts another certificate. */
    const struct rpc_tls files = tls_rig_files("ours/server", "theirs/ca.pem");
    assert_ok(tls_rig_try_serve(&rig, &files, false, listen), &rig.err);
    assert_int_not_equal(tls_rig_ping(client, &rig.err), ERR_OK);
    tls_rig_put_in_place("theirs/client");
    loop_await(tls_rig_ping(client, &rig.err) == ERR_OK);
    rpc_client_free(client);
    tls_rig_stop(&rig);
}

static void it_is_told_when_the_certificate_expires(void **state)
{
    (void)state;
    enum { DAY_S = 86400 };
    struct tls_rig rig;
    tls_rig_certify("ours", (const char *const[]){"--days", "5", "service", "five", "x", NULL});
    tls_rig_serve(&rig, "ours/five", "ours/ca.pem");
    int64_t left_s = rpc_server_certificate_expires_s(rig.server) - (int64_t)time(NULL);
    assert_in_range(left_s, 5 * DAY_S - 300, 5 * DAY_S);
    tls_rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_connections_get_the_new_certificate),
        cmocka_unit_test(a_bad_new_certificate_keeps_the_old),
        cmocka_unit_test(renewal_under_load_fails_no_call),
        cmocka_unit_test(a_client_takes_its_replaced_certificate_to_the_next_connection),
        cmocka_unit_test(it_is_told_when_the_certificate_expires),
    };
    return cmocka_run_group_tests(tests, tls_rig_make_certificates, tls_rig_remove_certificates);
}
