/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast an export of 30,000 contacts is imported, end to end: chunks over NNG into a
 * kith-contact of its own, until its report is back; and how much memory that takes there.
 *
 *     tests/with-postgres --durable --migrate build/release/services/contact/kith-contact \
 *         build/release/tests/bench/import/bench_import
 *
 * Prints one line: rate (rows per second of the first import, all new), again_rate (the same file
 * four times more, nothing new), rss_kb (the service's peak), growth_kb (of it, after an import of
 * 1,000).
 */
#include "auth/auth.h"
#include "free_port.h"
#include "rpc/client.h"

#include <kith/v1/contact.pb-c.h>

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 256 << 10, ARENA_LIMIT = 16 << 20, TIMEOUT_MS = 120000, WAIT_S = 20, AGAIN = 4 };

struct bench {
    pid_t service;
    char listen[64];
    char operator_token[AUTH_TOKEN_SIZE];
    struct rpc_client *operator_, *member;
    struct arena arena;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_import: %s\n", what);
    exit(1);
}

static void *call(struct bench *b, struct rpc_client *client, const char *method, const void *in)
{
    struct err err = {0};
    ProtobufCMessage *out = NULL;
    if (rpc_client_call(client, method, NULL, in, &b->arena, &out, &err) != ERR_OK)
        die(err.msg);
    return out;
}

static struct rpc_client *client_of(const struct bench *b, const char *token)
{
    const struct rpc_client_config config = {
        .endpoints = b->listen, .token = token, .timeout_ms = TIMEOUT_MS};
    struct rpc_client *client = NULL;
    struct err err = {0};
    if (rpc_client_new(&client, &config, &err) != ERR_OK)
        die(err.msg);
    return client;
}

/* Before the first NNG call, as a fork must be. */
static void start_service(struct bench *b)
{
    (void)snprintf(b->listen, sizeof b->listen, "tcp://127.0.0.1:%d", test_free_port());
    auth_token_new(b->operator_token);
    (void)setenv("KITH_OPERATOR_TOKEN", b->operator_token, 1);
    (void)setenv("KITH_LISTEN", b->listen, 1);
    (void)setenv("KITH_LOG_LEVEL", "error", 0);
    char *argv[] = {(char[]){"kith-contact"}, (char[]){"serve"}, NULL};
    if (posix_spawn(&b->service, KITH_CONTACT, NULL, NULL, argv, environ) != 0)
        die("kith-contact does not start");
}

static void make_member(struct bench *b)
{
    b->operator_ = client_of(b, b->operator_token);
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    in.name = (char[]){"Bench"};
    in.email = (char[]){"bench@example.org"};
    struct err err = {0};
    ProtobufCMessage *out = NULL;
    for (int i = 0; i < WAIT_S * 20 && !out; i++) {
        if (rpc_client_call(b->operator_, "/kith.v1.ContactService/CreateMember", NULL, &in.base,
                &b->arena, &out, &err) == ERR_OK)
            break;
        (void)poll(NULL, 0, 50); /* until it listens */
    }
    if (!out)
        die(err.msg);
    b->member = client_of(b, ((Kith__V1__CreateMemberResponse *)(void *)out)->token);
}

static char *read_file(const char *name, size_t *len)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", EXPORTS, name);
    FILE *file = fopen(path, "rbe");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        die("the export is missing; build the target bench_import");
    *len = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*len);
    if (!bytes || fread(bytes, 1, *len, file) != *len)
        die("the export can not be read");
    (void)fclose(file);
    return bytes;
}

/* Seconds from the first chunk to the report. */
static double import(struct bench *b, const char *name, uint32_t *rows)
{
    const struct clock *clock = clock_system();
    size_t len = 0;
    char *bytes = read_file(name, &len), import_id[ID_TEXT_SIZE];
    struct id id = id_new(clock);
    id_format(&id, import_id);
    int64_t started_us = clock_mono_us(clock);
    for (size_t at = 0; at < len; at += CHUNK) {
        Kith__V1__ImportFileRequest in = KITH__V1__IMPORT_FILE_REQUEST__INIT;
        in.import_id = import_id;
        in.format = KITH__V1__IMPORT_FORMAT__IMPORT_FORMAT_LINKEDIN_CONNECTIONS;
        in.offset = at;
        in.chunk.data = (uint8_t *)bytes + at;
        in.chunk.len = len - at < CHUNK ? len - at : CHUNK;
        in.is_last = at + in.chunk.len == len;
        arena_reset(&b->arena);
        const Kith__V1__ImportFileResponse *out =
            call(b, b->member, "/kith.v1.ContactService/ImportFile", &in);
        *rows = out->import->rows;
    }
    int64_t took_us = clock_mono_us(clock) - started_us;
    free(bytes);
    return (double)took_us / 1e6;
}

static long peak_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        die("the service is gone");
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    (void)fclose(file);
    return kb;
}

int main(void)
{
    struct bench b = {0};
    uint32_t rows = 0;
    arena_init(&b.arena, ARENA_LIMIT);
    start_service(&b);
    make_member(&b);
    (void)import(&b, "export-1000.csv", &rows);
    long warm_kb = peak_kb(b.service);
    double seconds = import(&b, "export-30000.csv", &rows);
    double again = 0;
    for (int i = 0; i < AGAIN; i++)
        again += import(&b, "export-30000.csv", &rows) / AGAIN;
    long kb = peak_kb(b.service);
    (void)printf("bench_import rate=%.0f again_rate=%.0f rows=%" PRIu32
                 " seconds=%.3f rss_kb=%ld growth_kb=%ld\n",
        rows / seconds, rows / again, rows, seconds, kb, kb - warm_kb);
    rpc_client_free(b.member);
    rpc_client_free(b.operator_);
    (void)kill(b.service, SIGTERM);
    (void)waitpid(b.service, NULL, 0);
    arena_fini(&b.arena);
    return 0;
}
