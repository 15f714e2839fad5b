/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kith-recommendation: who in a network knows, asking her, what came back; serves
 * kith.v1.RecommendationService.
 *
 *   config    the options               events    which event makes which network stale
 *   service   its parts, start, stop    engine    members' networks in memory, kept fresh
 *   rpc/      one file per method       decision  the record of a routing, and its replay
 *   store     asks in the database      domain/   routing: rules without I/O
 *             (sql/, migrations/)       *_map     the data files of the domain
 */
#include "boot/boot.h"
#include "proc/proc.h"
#include "service.h"

#include <string.h>
#include <unistd.h>

enum { CONFIG_MEMORY = 1 << 20 };

static int serve(const struct recommendation_config *config, struct arena *arena)
{
    struct recommendation service = {0};
    struct err err = {0};
    proc_block_signals();
    enum err_code code = boot_open_log("recommendation", &config->service, &err);
    if (code == ERR_OK)
        code = recommendation_start(&service, arena, config, &err);
    if (code == ERR_OK)
        boot_run_until_stopped(service.server, service.db, service.events.relay);
    recommendation_stop(&service);
    return code == ERR_OK ? 0 : boot_failed("kith-recommendation", &err);
}

static int migrate(const struct recommendation_config *config, struct arena *arena)
{
    struct err err = {0};
    enum err_code code = boot_migrate(arena, &config->service, &recommendation_schema, &err);
    return code == ERR_OK ? 0 : boot_failed("kith-recommendation", &err);
}

static int run(const char *command, const struct recommendation_config *config, struct arena *arena)
{
    if (!command || strcmp(command, "serve") == 0)
        return serve(config, arena);
    if (strcmp(command, "migrate") == 0)
        return migrate(config, arena);
    if (strcmp(command, "healthcheck") == 0)
        return boot_healthcheck("kith-recommendation", &config->service);
    return boot_unknown_command(&recommendation_config_spec, command);
}

int main(int argc, char *argv[])
{
    (void)argc;
    struct arena arena;
    struct recommendation_config config = {0};
    struct config_request request = {0};
    struct err err = {0};
    arena_init(&arena, CONFIG_MEMORY);
    int status = 0;
    if (config_load(&recommendation_config_spec, argv, environ, &arena, &config, &request, &err) !=
        ERR_OK)
        status = boot_failed("kith-recommendation", &err);
    else if (request.wants_help)
        config_print_help(&recommendation_config_spec, stdout);
    else if (request.wants_print_config)
        config_print(&recommendation_config_spec, &config, stdout);
    else
        status = run(request.command, &config, &arena);
    arena_fini(&arena);
    return status;
}
