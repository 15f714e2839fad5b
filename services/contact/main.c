/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kith-contact: members, their address books and invitations; serves kith.v1.ContactService.
 *
 *   config    the options              events   what other services are told
 *   service   its parts, start, stop   import   from an uploaded file to contacts
 *   rpc/      one file per method      answer   what accepting an invitation changes
 *   store*    the database (sql/, migrations/)   request, reply   messages from and to structs
 *   token     the making of secrets        page     where a list begins and goes on
 *   time_zones   the names there are
 *   domain/   rules without I/O
 */
#include "boot/boot.h"
#include "proc/proc.h"
#include "service.h"

#include <malloc.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_MEMORY = 1 << 20, MMAP_THRESHOLD = 128 << 10 };

static int serve(const struct contact_config *config, struct arena *arena)
{
    struct contact_service service = {0};
    struct err err = {0};
    /* The large blocks of an import return to the system when it is done. Left to itself, glibc
     * raises this threshold, and every worker that ever ran an import keeps some megabytes. */
    (void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
    proc_block_signals();
    enum err_code code = boot_open_log("contact", &config->service, &err);
    if (code == ERR_OK)
        code = contact_start(&service, arena, config, &err);
    if (code == ERR_OK)
        boot_run_until_stopped(service.server, service.db, service.events.relay);
    contact_stop(&service);
    return code == ERR_OK ? 0 : boot_failed("kith-contact", &err);
}

static int migrate(const struct contact_config *config, struct arena *arena)
{
    struct err err = {0};
    enum err_code code = boot_migrate(arena, &config->service, &contact_schema, &err);
    return code == ERR_OK ? 0 : boot_failed("kith-contact", &err);
}

static int run(const char *command, const struct contact_config *config, struct arena *arena)
{
    if (!command || strcmp(command, "serve") == 0)
        return serve(config, arena);
    if (strcmp(command, "migrate") == 0)
        return migrate(config, arena);
    if (strcmp(command, "healthcheck") == 0)
        return boot_healthcheck("kith-contact", &config->service);
    if (strcmp(command, "new-token") == 0)
        return boot_new_token();
    return boot_unknown_command(&contact_config_spec, command);
}

int main(int argc, char *argv[])
{
    (void)argc;
    struct arena arena;
    struct contact_config config = {0};
    struct config_request request = {0};
    struct err err = {0};
    arena_init(&arena, CONFIG_MEMORY);
    int status = 0;
    if (config_load(&contact_config_spec, argv, environ, &arena, &config, &request, &err) != ERR_OK)
        status = boot_failed("kith-contact", &err);
    else if (request.wants_help)
        config_print_help(&contact_config_spec, stdout);
    else if (request.wants_print_config)
        config_print(&contact_config_spec, &config, stdout);
    else
        status = run(request.command, &config, &arena);
    arena_fini(&arena);
    return status;
}
