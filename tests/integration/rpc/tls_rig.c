/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_rig.h"

#include "clock/clock.h"
#include "free_port.h"
#include "log/log.h"
#include "loop.h"
#include "unit_test.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATHS = 16, PATH_SIZE = 256, MAX_ARGUMENTS = 16, ARENA_LIMIT = 1 << 20, REFUSED_MS = 700 };

static char folder[] = "/tmp/kith-tls-XXXXXX";

static void run(const char *const *argv)
{
    pid_t pid;
    int status = -1;
    assert_int_equal(
        posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

const char *tls_rig_path(const char *name)
{
    static _Thread_local char paths[PATHS][PATH_SIZE];
    static _Thread_local unsigned next;
    char *path = paths[next++ % PATHS];
    (void)snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return path;
}

void tls_rig_certify(const char *authority, const char *const *arguments)
{
    const char *argv[MAX_ARGUMENTS] = {CERTIFICATES, "--dir", tls_rig_path(authority)};
    for (size_t i = 0; arguments[i]; i++)
        argv[3 + i] = arguments[i];
    run(argv);
}

void tls_rig_certify_expired(const char *authority, const char *const *arguments)
{
    const char *all[MAX_ARGUMENTS] = {"--days", "0"};
    for (size_t i = 0; arguments[i]; i++)
        all[2 + i] = arguments[i];
    tls_rig_certify(authority, all);
    const time_t made = time(NULL);
    loop_await(time(NULL) > made + 1);
}

int tls_rig_make_certificates(void **state)
{
    static const char *const authorities[] = {"ours", "theirs"};
    (void)state;
    log_open("test", NULL, LOG_FORMAT_TEXT, LOG_WARN);
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 2; i++) {
        tls_rig_certify(authorities[i], (const char *const[]){"authority", NULL});
        tls_rig_certify(
            authorities[i], (const char *const[]){"service", "server", "127.0.0.1", NULL});
        tls_rig_certify(authorities[i], (const char *const[]){"client", "client", NULL});
    }
    return 0;
}

int tls_rig_remove_certificates(void **state)
{
    (void)state;
    run((const char *const[]){"rm", "-rf", "--", folder, NULL});
    return 0;
}

void tls_rig_copy(const char *from, const char *to)
{
    char text[4096];
    char fresh[32];
    (void)snprintf(fresh, sizeof(fresh), "%s.new", to);
    FILE *in = fopen(tls_rig_path(from), "re");
    size_t len = fread(text, 1, sizeof(text), in);
    (void)fclose(in);
    FILE *out = fopen(tls_rig_path(fresh), "we");
    assert_int_equal(fwrite(text, 1, len, out), len);
    assert_int_equal(fchmod(fileno(out), 0600), 0);
    (void)fclose(out);
    assert_int_equal(rename(tls_rig_path(fresh), tls_rig_path(to)), 0);
}

void tls_rig_put_in_place(const char *owner)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "%s.key", owner);
    tls_rig_copy(name, "now.key");
    (void)snprintf(name, sizeof(name), "%s.pem", owner);
    tls_rig_copy(name, "now.pem");
}

struct rpc_tls tls_rig_files(const char *owner, const char *ca)
{
    char name[64];
    struct rpc_tls files = {.ca = ca ? tls_rig_path(ca) : NULL};
    if (owner) {
        (void)snprintf(name, sizeof(name), "%s.pem", owner);
        files.certificate = tls_rig_path(name);
        (void)snprintf(name, sizeof(name), "%s.key", owner);
        files.key = tls_rig_path(name);
    }
    return files;
}

enum err_code tls_rig_try_serve(
    struct tls_rig *rig, const struct rpc_tls *files, bool is_open_to_strangers, const char *listen)
{
    *rig = (struct tls_rig){.port = test_free_port()};
    (void)snprintf(rig->url, sizeof(rig->url), "tls+tcp://127.0.0.1:%d", rig->port);
    const struct rpc_server_config config = {
        .listen = listen ? listen : rig->url,
        .tls = *files,
        .is_open_to_strangers = is_open_to_strangers,
        .workers = 2,
        .queue_limit = 1000,
        .max_message = 1 << 20,
        .max_memory = 4 << 20,
        .clock = clock_system(),
    };
    assert_ok(rpc_server_new(&rig->server, &config, NULL, 0, &rig->err), &rig->err);
    enum err_code code = rpc_server_listen(rig->server, &rig->err);
    if (code != ERR_OK)
        tls_rig_stop(rig);
    return code;
}

void tls_rig_serve(struct tls_rig *rig, const char *owner, const char *ca)
{
    const struct rpc_tls files = tls_rig_files(owner, ca);
    assert_ok(tls_rig_try_serve(rig, &files, false, NULL), &rig->err);
}

void tls_rig_stop(struct tls_rig *rig)
{
    rpc_server_free(rig->server);
    rig->server = NULL;
}

struct rpc_client *tls_rig_connect(
    struct tls_rig *rig, const char *url, const char *owner, const char *ca)
{
    struct rpc_client *client = NULL;
    const struct rpc_client_config config = {.endpoints = url, .tls = tls_rig_files(owner, ca)};
    assert_ok(rpc_client_new(&client, &config, &rig->err), &rig->err);
    return client;
}

static enum err_code ping(struct rpc_client *client, int64_t timeout_ms, struct err *err)
{
    const struct rpc_call_options options = {.timeout_ms = timeout_ms};
    struct arena arena;
    const struct db_bytes in = {"", 0};
    struct db_bytes out;
    arena_init(&arena, ARENA_LIMIT);
    enum err_code code = rpc_client_call_bytes(
        client, "/kith.v1.HealthService/Ping", &options, &in, &arena, &out, err);
    arena_fini(&arena);
    return code;
}

enum err_code tls_rig_ping(struct rpc_client *client, struct err *err)
{
    return ping(client, 0, err);
}

bool tls_rig_is_refused(struct tls_rig *rig, const char *url, const char *owner, const char *ca)
{
    struct rpc_client *client = tls_rig_connect(rig, url, owner, ca);
    enum err_code code = ping(client, REFUSED_MS, &rig->err);
    rpc_client_free(client);
    return code != ERR_OK && rig->err.reason == REASON_SERVER_UNREACHABLE;
}

enum err_code tls_rig_try(struct tls_rig *rig, const char *owner, const char *ca)
{
    struct rpc_client *client = tls_rig_connect(rig, rig->url, owner, ca);
    enum err_code code = tls_rig_ping(client, &rig->err);
    rpc_client_free(client);
    return code;
}
