/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/boot.h"
#include "rpc/client.h"

#include <kith/v1/health.pb-c.h>

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 2000, ARENA_LIMIT = 1 << 20 };

static const char CHECK[] = "/kith.v1.HealthService/Check";

/* Where a process that listens at `listen` is found from this machine: the address that asks for no
 * certificate, if it has one, else the first. */
static const char *own_address(struct arena *arena, const char *listen)
{
    static const char ANY[] = "://0.0.0.0:";
    const char *plain = strstr(listen, "tcp://127.");
    if (plain && (plain == listen || plain[-1] == ','))
        listen = plain;
    const char *first = arena_strndup(arena, listen, strcspn(listen, ","));
    const char *any = first ? strstr(first, ANY) : NULL;
    if (!any)
        return first;
    const char *scheme = arena_strndup(arena, first, (size_t)(any - first));
    return scheme ? arena_printf(arena, "%s://127.0.0.1:%s", scheme, any + strlen(ANY)) : NULL;
}

static enum err_code check(const struct service_options *options, struct arena *arena,
    const Kith__V1__CheckResponse **out, struct err *err)
{
    const struct rpc_client_config config = {
        .endpoints = own_address(arena, options->listen),
        .tls = boot_tls(options),
        .timeout_ms = TIMEOUT_MS,
    };
    struct rpc_client *client = NULL;
    enum err_code code = rpc_client_new(&client, &config, err);
    if (code != ERR_OK)
        return code;
    const Kith__V1__CheckRequest request = KITH__V1__CHECK_REQUEST__INIT;
    ProtobufCMessage *reply = NULL;
    code = rpc_client_call(client, CHECK, NULL, &request.base, arena, &reply, err);
    rpc_client_free(client);
    if (code == ERR_OK)
        *out = (const Kith__V1__CheckResponse *)(const void *)reply;
    return code;
}

static int report(const char *program, const Kith__V1__CheckResponse *health)
{
    bool serves = health->status == KITH__V1__HEALTH_STATUS__HEALTH_STATUS_SERVING ||
                  health->status == KITH__V1__HEALTH_STATUS__HEALTH_STATUS_DEGRADED;
    (void)printf("%s: %s", program, serves ? "serving" : "not serving");
    for (size_t i = 0; i < health->n_parts; i++) {
        const Kith__V1__HealthPart *part = health->parts[i];
        if (part->problem[0] != '\0')
            (void)printf("; %s: %s", part->name, part->problem);
    }
    (void)printf("\n");
    return serves ? 0 : 1;
}

int boot_healthcheck(const char *program, const struct service_options *options)
{
    struct arena arena;
    struct err err = {0};
    const Kith__V1__CheckResponse *health = NULL;
    arena_init(&arena, ARENA_LIMIT);
    enum err_code code = check(options, &arena, &health, &err);
    int status = code == ERR_OK ? report(program, health) : boot_failed(program, &err);
    arena_fini(&arena);
    return status;
}
