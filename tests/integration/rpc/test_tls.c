/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "free_port.h"
#include "loop.h"
#include "proxy.h"
#include "raw.h"
#include "tls_rig.h"
#include "unit_test.h"

#include <inttypes.h>
#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- who is let in ---- */

static void certificates_of_one_authority_let_calls_through(void **state)
{
    (void)state;
    struct tls_rig rig;
    tls_rig_serve(&rig, "ours/server", "ours/ca.pem");
    assert_ok(tls_rig_try(&rig, "ours/client", "ours/ca.pem"), &rig.err);
    assert_ok(tls_rig_try(&rig, "ours/server", "ours/ca.pem"), &rig.err);
    tls_rig_stop(&rig);
}

static void a_client_without_certificate_is_refused_and_told_so(void **state)
{
    (void)state;
    struct tls_rig rig;
    tls_rig_serve(&rig, "ours/server", "ours/ca.pem");
    assert_true(tls_rig_is_refused(&rig, rig.url, NULL, "ours/ca.pem"));
    assert_non_null(strstr(rig.err.msg, "certificate"));
    tls_rig_stop(&rig);
}

static void a_client_of_another_authority_is_refused(void **state)
{
    (void)state;
    struct tls_rig rig;
    tls_rig_serve(&rig, "ours/server", "ours/ca.pem");
    assert_true(tls_rig_is_refused(&rig, rig.url, "theirs/client", "ours/ca.pem"));
    tls_rig_stop(&rig);
}

static void a_server_of_another_authority_is_not_trusted(void **state)
{
    (void)state;
    struct tls_rig rig;
    tls_rig_serve(&rig, "theirs/server", "ours/ca.pem");
    assert_true(tls_rig_is_refused(&rig, rig.url, "ours/client", "ours/ca.pem"));
    assert_ok(tls_rig_try(&rig, "ours/client", "theirs/ca.pem"), &rig.err);
    tls_rig_stop(&rig);
}

static void a_clients_certificate_does_not_make_a_server(void **state)
{
    (void)state;
    struct tls_rig rig;
    tls_rig_serve(&rig, "ours/client", "ours/ca.pem");
    assert_true(tls_rig_is_refused(&rig, rig.url, "ours/client", "ours/ca.pem"));
    tls_rig_stop(&rig);
}

static void a_server_must_bear_the_name_it_is_called_by(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool is_borne;
    } names[] = {{"tls+tcp4://localhost", true}, {"tls+tcp://127.0.0.1", true},
        {"tls+tcp://127.0.0.2", false}};
    struct tls_rig rig;
    char everywhere[64], url[64];
    int port = test_free_port();
    const struct rpc_tls files = tls_rig_files("ours/server", "ours/ca.pem");
    (void)snprintf(everywhere, sizeof(everywhere), "tls+tcp://0.0.0.0:%d", port);
    assert_ok(tls_rig_try_serve(&rig, &files, false, everywhere), &rig.err);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(url, sizeof(url), "%s:%d", names[i].host, port);
        assert_int_equal(
            tls_rig_is_refused(&rig, url, "ours/client", "ours/ca.pem"), !names[i].is_borne);
    }
    tls_rig_stop(&rig);
}

static void a_server_open_to_strangers_asks_for_no_certificate(void **state)
{
    (void)state;
    struct tls_rig rig;
    const struct rpc_tls files = tls_rig_files("ours/server", NULL);
    assert_ok(tls_rig_try_serve(&rig, &files, true, NULL), &rig.err);
    assert_ok(tls_rig_try(&rig, NULL, "ours/ca.pem"), &rig.err);
    tls_rig_stop(&rig);
}

/* ---- bytes of one's own, through TLS ---- */

/* A TLS connection that looks at no dates; NULL if the other side ends the handshake. */
static nng_stream *raw_tls(const struct tls_rig *rig, const char *owner, nng_aio *aio)
{
    nng_stream_dialer *dialer = NULL;
    nng_tls_config *config = NULL;
    char certificate[64], key[64];
    (void)snprintf(certificate, sizeof(certificate), "%s.pem", owner);
    (void)snprintf(key, sizeof(key), "%s.key", owner);
    FILE *both = fopen(tls_rig_path("both.pem"), "we");
    const char *const parts[] = {certificate, key};
    for (size_t i = 0; i < 2; i++) {
        char text[4096];
        FILE *part = fopen(tls_rig_path(parts[i]), "re");
        size_t len = fread(text, 1, sizeof(text), part);
        assert_int_equal(fwrite(text, 1, len, both), len);
        (void)fclose(part);
    }
    (void)fclose(both);
    assert_int_equal(nng_tls_config_alloc(&config, NNG_TLS_MODE_CLIENT), 0);
    assert_int_equal(nng_tls_config_ca_file(config, tls_rig_path("ours/ca.pem")), 0);
    assert_int_equal(nng_tls_config_cert_key_file(config, tls_rig_path("both.pem"), NULL), 0);
    assert_int_equal(nng_tls_config_server_name(config, "127.0.0.1"), 0);
    assert_int_equal(nng_stream_dialer_alloc(&dialer, rig->url), 0);
    assert_int_equal(nng_stream_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config), 0);
    nng_stream_dialer_dial(dialer, aio);
    nng_aio_wait(aio);
    assert_int_equal(nng_aio_result(aio), 0);
    nng_stream *stream = nng_aio_get_output(aio, 0);
    nng_stream_dialer_free(dialer);
    nng_tls_config_free(config);
    return stream;
}

static bool raw_tls_move(nng_stream *stream, nng_aio *aio, void *data, size_t len, bool is_out)
{
    uint8_t *at = data;
    while (len > 0) {
        nng_iov iov = {at, len};
        (void)nng_aio_set_iov(aio, 1, &iov);
        if (is_out)
            nng_stream_send(stream, aio);
        else
            nng_stream_recv(stream, aio);
        nng_aio_wait(aio);
        if (nng_aio_result(aio) != 0 || nng_aio_count(aio) == 0)
            return false;
        at += nng_aio_count(aio);
        len -= nng_aio_count(aio);
    }
    return true;
}

static bool raw_tls_greet(nng_stream *stream, nng_aio *aio)
{
    char greeting[] = "\0SP\0\0\x30\0\0", reply[8];
    return raw_tls_move(stream, aio, greeting, 8, true) &&
           raw_tls_move(stream, aio, reply, 8, false);
}

static void a_huge_length_ends_the_connection_and_nothing_else(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 63,
        UINT64_C(1) << 40, UINT32_MAX, (1 << 20) + 5};
    struct tls_rig rig;
    nng_aio *aio = NULL;
    assert_int_equal(nng_aio_alloc(&aio, NULL, NULL), 0);
    nng_aio_set_timeout(aio, 10000);
    tls_rig_serve(&rig, "ours/server", "ours/ca.pem");
    struct rpc_client *client = tls_rig_connect(&rig, rig.url, "ours/client", "ours/ca.pem");
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t header[8], rest;
        for (size_t b = 0; b < sizeof(header); b++)
            header[b] = (uint8_t)(lengths[i] >> (56 - 8 * b));
        nng_stream *stream = raw_tls(&rig, "ours/client", aio);
        assert_true(raw_tls_greet(stream, aio));
        assert_true(raw_tls_move(stream, aio, header, sizeof(header), true));
        assert_false(raw_tls_move(stream, aio, &rest, 1, false));
        assert_int_not_equal(nng_aio_result(aio), NNG_ETIMEDOUT);
        nng_stream_free(stream);
        assert_ok(tls_rig_ping(client, &rig.err), &rig.err);
    }
    assert_ok(tls_rig_try(&rig, "ours/client", "ours/ca.pem"), &rig.err);
    rpc_client_free(client);
    tls_rig_stop(&rig);
    nng_aio_free(aio);
}

static void an_expired_certificate_is_refused_by_both_sides(void **state)
{
    (void)state;
    struct tls_rig rig;
    struct rpc_client *client = NULL;
    nng_aio *aio = NULL;
    tls_rig_certify_expired("ours", (const char *const[]){"client", "old", NULL});
    tls_rig_serve(&rig, "ours/server", "ours/ca.pem");
    const struct rpc_client_config config = {
        .endpoints = rig.url, .tls = tls_rig_files("ours/old", "ours/ca.pem")};
    assert_int_not_equal(rpc_client_new(&client, &config, &rig.err), ERR_OK);
    assert_int_equal(rig.err.reason, REASON_CERTIFICATE_INVALID);
    assert_non_null(strstr(rig.err.msg, "expired on"));

    assert_int_equal(nng_aio_alloc(&aio, NULL, NULL), 0);
    nng_aio_set_timeout(aio, 10000);
    nng_stream *stream = raw_tls(&rig, "ours/old", aio);
    assert_false(raw_tls_greet(stream, aio));
    assert_int_not_equal(nng_aio_result(aio), NNG_ETIMEDOUT);
    nng_stream_free(stream);
    stream = raw_tls(&rig, "ours/client", aio);
    assert_true(raw_tls_greet(stream, aio));
    nng_stream_free(stream);
    nng_aio_free(aio);
    tls_rig_stop(&rig);
}

/* ---- bytes that are no TLS ---- */

static void send_nonsense(const char *url, unsigned seed)
{
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    char bytes[600];
    size_t len = seed % sizeof(bytes);
    int fd = raw_connect(url);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(seed * 2654435761U >> (i % 24));
    if (seed % 3 == 0)
        memcpy(bytes, hello, sizeof(hello) - 1);
    if (seed % 3 == 1)
        memcpy(bytes, "\0SP\0\0\x30\0\0", 8);
    (void)raw_write(fd, bytes, len);
    if (seed % 5 == 0) {
        /* The connection is reset rather than closed. */
        const struct linger now = {1, 0};
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    (void)close(fd);
}

static void nonsense_at_the_port_keeps_nobody_out(void **state)
{
    (void)state;
    struct tls_rig rig;
    tls_rig_serve(&rig, "ours/server", "ours/ca.pem");
    struct rpc_client *client = tls_rig_connect(&rig, rig.url, "ours/client", "ours/ca.pem");
    assert_ok(tls_rig_ping(client, &rig.err), &rig.err);
    int silent = raw_connect(rig.url); /* connected, and never says anything */
    for (unsigned seed = 0; seed < 300; seed++) {
        send_nonsense(rig.url, seed);
        if (seed % 30 == 0)
            assert_ok(tls_rig_ping(client, &rig.err), &rig.err);
    }
    for (int i = 0; i < 3; i++)
        assert_ok(tls_rig_try(&rig, "ours/client", "ours/ca.pem"), &rig.err);
    (void)close(silent);
    rpc_client_free(client);
    tls_rig_stop(&rig);
}

/* Connections break after any number of bytes, from the first of the handshake on. */
static void handshakes_cut_anywhere_keep_nobody_out(void **state)
{
    (void)state;
    struct tls_rig rig;
    char direct[64], cut[64];
    tls_rig_serve(&rig, "ours/server", "ours/ca.pem");
    (void)snprintf(direct, sizeof(direct), "tcp://127.0.0.1:%d", rig.port);
    struct proxy *proxy = proxy_start(direct, 7);
    proxy_set_life(proxy, 3000);
    (void)snprintf(cut, sizeof(cut), "tls+%s", proxy_url(proxy));
    struct rpc_client *client = tls_rig_connect(&rig, cut, "ours/client", "ours/ca.pem");
    struct err err;
    while (proxy_count_broken(proxy) < 30)
        (void)!tls_rig_ping(client, &err);
    rpc_client_free(client);
    proxy_stop(proxy);
    for (int i = 0; i < 3; i++)
        assert_ok(tls_rig_try(&rig, "ours/client", "ours/ca.pem"), &rig.err);
    tls_rig_stop(&rig);
}

/* ---- what does not start ---- */

/* Handshakes compute for long, and most of NNG's threads rest (rpc/spare.h). */
static void many_handshakes_at_once_keep_nobody_out(void **state)
{
    enum { CROWD = 64 };
    (void)state;
    struct tls_rig rig;
    struct rpc_client *crowd[CROWD];
    int64_t longest_us = 0;
    tls_rig_serve(&rig, "ours/server", "ours/ca.pem");
    struct rpc_client *client = tls_rig_connect(&rig, rig.url, "ours/client", "ours/ca.pem");
    assert_ok(tls_rig_ping(client, &rig.err), &rig.err);
    for (int i = 0; i < 500; i++)
        loop_pause(); /* NNG's threads rest by now */
    int64_t began_us = clock_mono_us(clock_system());
    for (size_t i = 0; i < CROWD; i++)
        crowd[i] = tls_rig_connect(&rig, rig.url, "ours/client", "ours/ca.pem");
    for (size_t i = 0; i < CROWD; i++) {
        int64_t now_us = clock_mono_us(clock_system());
        assert_ok(tls_rig_ping(client, &rig.err), &rig.err);
        int64_t took_us = clock_mono_us(clock_system()) - now_us;
        longest_us = took_us > longest_us ? took_us : longest_us;
        assert_ok(tls_rig_ping(crowd[i], &rig.err), &rig.err);
    }
    print_message("%d handshakes within %" PRId64 " ms; a call beside them %" PRId64
                  " ms at most\n",
        CROWD, (clock_mono_us(clock_system()) - began_us) / 1000, longest_us / 1000);
    for (size_t i = 0; i < CROWD; i++)
        rpc_client_free(crowd[i]);
    rpc_client_free(client);
    tls_rig_stop(&rig);
}

static void assert_serves_not(
    const struct rpc_tls *files, const char *listen, enum err_reason reason, const char *hint)
{
    struct tls_rig rig;
    assert_int_not_equal(tls_rig_try_serve(&rig, files, false, listen), ERR_OK);
    if (rig.err.reason != reason || !strstr(rig.err.msg, hint))
        fail_msg("%s: %s", err_reason_info(rig.err.reason)->name, rig.err.msg);
}

static void files_that_do_not_fit_are_refused_at_start(void **state)
{
    (void)state;
    struct rpc_tls files = tls_rig_files("ours/server", "ours/ca.pem");
    files.key = tls_rig_path("theirs/server.key");
    assert_serves_not(&files, NULL, REASON_CERTIFICATE_INVALID, "is not that of");
    files.key = NULL;
    assert_serves_not(&files, NULL, REASON_CERTIFICATE_INVALID, "needs its key");
    files = tls_rig_files("ours/server", "ours/ca.key");
    assert_serves_not(&files, NULL, REASON_CERTIFICATE_INVALID, "holds no certificates");
    files = tls_rig_files("ours/nobody", "ours/ca.pem");
    assert_serves_not(&files, NULL, REASON_CERTIFICATE_INVALID, "No such file");
    files = tls_rig_files("ours/server", ".");
    assert_serves_not(&files, NULL, REASON_CERTIFICATE_INVALID, "no file of certificates");
    files.ca = NULL;
    assert_serves_not(&files, NULL, REASON_CONFIG_INVALID, "tls-ca");
    assert_serves_not(
        &(const struct rpc_tls){0}, NULL, REASON_CONFIG_INVALID, "set tls-certificate");
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    (void)state;
    const struct rpc_tls files = tls_rig_files("ours/server", "ours/ca.pem");
    assert_int_equal(chmod(files.key, 0644), 0);
    assert_serves_not(&files, NULL, REASON_CERTIFICATE_INVALID, "chmod 600");
    assert_int_equal(chmod(files.key, 0640), 0);
    struct tls_rig rig;
    assert_ok(tls_rig_try_serve(&rig, &files, false, NULL), &rig.err);
    tls_rig_stop(&rig);
    assert_int_equal(chmod(files.key, 0600), 0);
}

static void plain_addresses_others_can_reach_are_refused(void **state)
{
    (void)state;
    const struct rpc_tls none = {0};
    assert_serves_not(&none, "tcp://0.0.0.0:1", REASON_CONFIG_INVALID, "allow-plain-tcp");
    assert_serves_not(&none, "tcp://[::]:1", REASON_CONFIG_INVALID, "allow-plain-tcp");
    assert_serves_not(&none, "tcp://*:1", REASON_CONFIG_INVALID, "allow-plain-tcp");
    assert_serves_not(&none, "TCP://192.0.2.1:1", REASON_CONFIG_INVALID, "allow-plain-tcp");
    assert_serves_not(&none, "ws://example.org:1", REASON_CONFIG_INVALID, "allow-plain-tcp");
}

static void it_serves_loopback_plainly_and_others_with_tls(void **state)
{
    (void)state;
    struct tls_rig rig;
    char both[128], plain[64], encrypted[64];
    const struct rpc_tls files = tls_rig_files("ours/server", "ours/ca.pem");
    (void)snprintf(plain, sizeof(plain), "tcp://127.0.0.1:%d", test_free_port());
    (void)snprintf(encrypted, sizeof(encrypted), "tls+tcp://127.0.0.1:%d", test_free_port());
    (void)snprintf(both, sizeof(both), "%s,%s", plain, encrypted);
    assert_ok(tls_rig_try_serve(&rig, &files, false, both), &rig.err);
    const char *const urls[] = {plain, encrypted};
    for (size_t i = 0; i < 2; i++) {
        struct rpc_client *client = tls_rig_connect(&rig, urls[i], "ours/client", "ours/ca.pem");
        assert_ok(tls_rig_ping(client, &rig.err), &rig.err);
        rpc_client_free(client);
    }
    tls_rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_of_one_authority_let_calls_through),
        cmocka_unit_test(a_client_without_certificate_is_refused_and_told_so),
        cmocka_unit_test(a_client_of_another_authority_is_refused),
        cmocka_unit_test(a_server_of_another_authority_is_not_trusted),
        cmocka_unit_test(a_clients_certificate_does_not_make_a_server),
        cmocka_unit_test(a_server_must_bear_the_name_it_is_called_by),
        cmocka_unit_test(a_server_open_to_strangers_asks_for_no_certificate),
        cmocka_unit_test(a_huge_length_ends_the_connection_and_nothing_else),
        cmocka_unit_test(an_expired_certificate_is_refused_by_both_sides),
        cmocka_unit_test(nonsense_at_the_port_keeps_nobody_out),
        cmocka_unit_test(handshakes_cut_anywhere_keep_nobody_out),
        cmocka_unit_test(many_handshakes_at_once_keep_nobody_out),
        cmocka_unit_test(files_that_do_not_fit_are_refused_at_start),
        cmocka_unit_test(a_key_that_others_may_read_is_refused),
        cmocka_unit_test(plain_addresses_others_can_reach_are_refused),
        cmocka_unit_test(it_serves_loopback_plainly_and_others_with_tls),
    };
    return cmocka_run_group_tests(tests, tls_rig_make_certificates, tls_rig_remove_certificates);
}
