/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kith-notification: takes events, keeps members' inboxes, serves kith.v1.NotificationService.
 *
 *   config   the options             events   which event tells whom what
 *   service  its parts, start, stop  store    notifications in the database (sql/, migrations/)
 *   lookout  wakes watches for what other instances stored
 *   rpc/     one file per method     domain/  cursors and titles: rules without I/O
 */
#include "boot/boot.h"
#include "proc/proc.h"
#include "service.h"

#include <string.h>
#include <unistd.h>

enum { CONFIG_MEMORY = 1 << 20 };

static int serve(const struct notification_config *config, struct arena *arena)
{
    struct notification service = {0};
    struct err err = {0};
    proc_block_signals();
    enum err_code code = boot_open_log("notification", &config->service, &err);
    if (code == ERR_OK)
        code = notification_start(&service, arena, config, &err);
    if (code == ERR_OK)
        boot_run_until_stopped(service.server, service.db, NULL);
    notification_stop(&service);
    return code == ERR_OK ? 0 : boot_failed("kith-notification", &err);
}

static int migrate(const struct notification_config *config, struct arena *arena)
{
    struct err err = {0};
    enum err_code code = boot_migrate(arena, &config->service, &notification_schema, &err);
    return code == ERR_OK ? 0 : boot_failed("kith-notification", &err);
}

static int run(const char *command, const struct notification_config *config, struct arena *arena)
{
    if (!command || strcmp(command, "serve") == 0)
        return serve(config, arena);
    if (strcmp(command, "migrate") == 0)
        return migrate(config, arena);
    if (strcmp(command, "healthcheck") == 0)
        return boot_healthcheck("kith-notification", &config->service);
    return boot_unknown_command(&notification_config_spec, command);
}

int main(int argc, char *argv[])
{
    (void)argc;
    struct arena arena;
    struct notification_config config = {0};
    struct config_request request = {0};
    struct err err = {0};
    arena_init(&arena, CONFIG_MEMORY);
    int status = 0;
    if (config_load(&notification_config_spec, argv, environ, &arena, &config, &request, &err) !=
        ERR_OK)
        status = boot_failed("kith-notification", &err);
    else if (request.wants_help)
        config_print_help(&notification_config_spec, stdout);
    else if (request.wants_print_config)
        config_print(&notification_config_spec, &config, stdout);
    else
        status = run(request.command, &config, &arena);
    arena_fini(&arena);
    return status;
}
