/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "driver.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALL_TIMEOUT_MS = 2000, PAUSE_MS = 20, MAX_TOKEN = 256 };

static const int64_t PATIENCE_US = 60 * INT64_C(1000000);

void driver_die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)fputs("crash driver: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    (void)fputs("\n", stderr);
    va_end(args);
    _exit(1);
}

void driver_enter(const char *dir)
{
    driver_check(chdir(dir) == 0, "can not enter %s", dir);
}

void driver_write(const char *file, const char *text)
{
    FILE *f = fopen(file, "we");
    driver_check(f && fputs(text, f) >= 0 && fclose(f) == 0, "can not write %s", file);
}

const char *driver_read(const char *file, struct arena *arena)
{
    char text[MAX_TOKEN];
    FILE *f = file ? fopen(file, "re") : NULL;
    driver_check(f && fgets(text, sizeof(text), f), "can not read %s", file ? file : "(none)");
    (void)fclose(f);
    text[strcspn(text, "\n")] = '\0';
    return arena_strdup(arena, text);
}

struct peer driver_dial(const char *service, const char *token_file)
{
    char name[64];
    struct arena arena;
    struct err err = {0};
    struct peer peer = {NULL};
    arena_init(&arena, 1 << 16);
    (void)snprintf(name, sizeof(name), "KITH_%s_ENDPOINTS", service);
    const struct rpc_client_config config = {.endpoints = getenv(name),
        .token = driver_read(token_file, &arena),
        .timeout_ms = CALL_TIMEOUT_MS};
    driver_check(config.endpoints, "%s is not set", name);
    enum err_code code = rpc_client_new(&peer.client, &config, &err);
    driver_check(code == ERR_OK, "%s: %s", name, err.msg);
    arena_fini(&arena);
    return peer;
}

void driver_hang_up(struct peer *peer)
{
    rpc_client_free(peer->client);
}

static bool may_get_better(enum err_code code)
{
    return code == ERR_UNAVAILABLE || code == ERR_DEADLINE_EXCEEDED || code == ERR_ABORTED ||
           code == ERR_RESOURCE_EXHAUSTED;
}

const ProtobufCMessage *driver_call(struct peer *peer, const char *method,
    const ProtobufCMessage *in, const char *key, struct arena *arena)
{
    const struct rpc_call_options options = {.idempotency_key = key};
    int64_t end = clock_mono_us(clock_system()) + PATIENCE_US;
    for (;;) {
        struct err err = {0};
        ProtobufCMessage *out = NULL;
        enum err_code code = rpc_client_call(peer->client, method, &options, in, arena, &out, &err);
        if (code == ERR_OK)
            return out;
        driver_check(may_get_better(code) && clock_mono_us(clock_system()) < end, "%s: %s %s: %s",
            method, err_code_name(code), err_reason_info(err.reason)->name, err.msg);
        (void)poll(NULL, 0, PAUSE_MS);
    }
}
