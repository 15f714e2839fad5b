/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options every service has, as rows of its table of options. A service writes:
 *
 *     struct contact_config {
 *         struct service_options service;
 *         const char *recommendation_endpoints;
 *     };
 *     static const struct config_option options[] = {
 *         SERVICE_OPTION_ROWS(struct contact_config, service, "contact", "tcp://127.0.0.1:7101"),
 *         SERVICE_ENDPOINTS_ROW(struct contact_config, recommendation_endpoints, "recommendation",
 *             "tcp://127.0.0.1:7102"),
 *         {0},
 *     };
 */
#pragma once

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct service_options {
    const char *listen;
    const char *tls_certificate; /* paths; "": none */
    const char *tls_key;
    const char *tls_ca;
    const char *tls_client_auth; /* "required" or "none" */
    bool allow_plain_tcp;
    const char *database_host;
    int64_t database_port;
    const char *database_name;
    const char *database_user;
    const char *database_password; /* "" where the server trusts or asks for none */
    int64_t database_pool;
    const char *migrator_user;
    const char *migrator_password;
    const char *service_token;
    const char *operator_token;
    const char *log_level;  /* log_parse_level() takes it */
    const char *log_format; /* log_parse_format() takes it */
    int64_t workers;
    int64_t queue_limit;
    int64_t queue_target_ms;
    int64_t queue_interval_ms;
    int64_t connection_rate;
    int64_t member_rate;
    int64_t bad_token_rate;
    int64_t max_connections;
    int64_t dead_letter_days;
    bool allow_unsafe_database;
    bool tap;
};

/* `field` is the struct service_options in `type`; `name` is the service's, also of its role. */
// clang-format off
#define SERVICE_OPTION_ROWS(type, field, name, address) \
    {"listen", CONFIG_STR, offsetof(type, field.listen), address, \
        "Addresses to serve, comma separated: tcp:// on this machine, tls+tcp:// for others.", \
        0, 0, NULL, false}, \
    {"tls-certificate", CONFIG_STR, offsetof(type, field.tls_certificate), NULL, \
        "PEM file of this service's certificate, by which it also calls others.", \
        0, 0, NULL, false}, \
    {"tls-key", CONFIG_STR, offsetof(type, field.tls_key), NULL, \
        "PEM file of the certificate's key; only its owner and group may read it.", \
        0, 0, NULL, false}, \
    {"tls-ca", CONFIG_STR, offsetof(type, field.tls_ca), NULL, \
        "PEM file of the authorities whose certificates are accepted.", 0, 0, NULL, false}, \
    {"tls-client-auth", CONFIG_ENUM, offsetof(type, field.tls_client_auth), "required", \
        "Whether clients need a certificate of such an authority.", 0, 0, "required|none", false}, \
    {"allow-plain-tcp", CONFIG_BOOL, offsetof(type, field.allow_plain_tcp), NULL, \
        "Serve tcp:// beyond this machine; only where nobody else can listen in.", \
        0, 0, NULL, false}, \
    {"database-host", CONFIG_STR, offsetof(type, field.database_host), "/var/run/postgresql", \
        "Host of PostgreSQL, or the folder of its Unix socket.", 0, 0, NULL, false}, \
    {"database-port", CONFIG_INT, offsetof(type, field.database_port), "5432", \
        "Port of PostgreSQL, which also names its Unix socket; 1 to 65535.", 1, 65535, NULL, false}, \
    {"database-name", CONFIG_STR, offsetof(type, field.database_name), "kith", \
        "Name of the database.", 0, 0, NULL, false}, \
    {"database-user", CONFIG_STR, offsetof(type, field.database_user), name, \
        "Role to serve as; it owns nothing.", 0, 0, NULL, false}, \
    {"database-password", CONFIG_STR, offsetof(type, field.database_password), NULL, \
        "Password of that role.", 0, 0, NULL, true}, \
    {"database-pool", CONFIG_INT, offsetof(type, field.database_pool), "8", \
        "Connections kept to the database; 1 to 256.", 1, 256, NULL, false}, \
    {"migrator-user", CONFIG_STR, offsetof(type, field.migrator_user), "postgres", \
        "Role that `migrate` works as; it owns the tables.", 0, 0, NULL, false}, \
    {"migrator-password", CONFIG_STR, offsetof(type, field.migrator_password), NULL, \
        "Password of that role.", 0, 0, NULL, true}, \
    {"service-token", CONFIG_STR, offsetof(type, field.service_token), NULL, \
        "Secret by which the services know one another; the same for all.", 0, 0, NULL, true}, \
    {"operator-token", CONFIG_STR, offsetof(type, field.operator_token), NULL, \
        "Secret that makes a caller an operator; without it there is none.", 0, 0, NULL, true}, \
    {"log-level", CONFIG_ENUM, offsetof(type, field.log_level), "info", \
        "Lowest level to log.", 0, 0, "trace|debug|info|warn|error|fatal", false}, \
    {"log-format", CONFIG_ENUM, offsetof(type, field.log_format), "auto", \
        "Form of a line; auto is text on a terminal, else json.", 0, 0, \
        "auto|text|json|logfmt", false}, \
    {"workers", CONFIG_INT, offsetof(type, field.workers), "8", \
        "Threads that run calls; 1 to 256.", 1, 256, NULL, false}, \
    {"queue-limit", CONFIG_INT, offsetof(type, field.queue_limit), "1024", \
        "Calls that may wait for a thread before more are refused; 1 to 1000000.", 1, 1000000, \
        NULL, false}, \
    {"queue-target-ms", CONFIG_INT, offsetof(type, field.queue_target_ms), "5", \
        "Wait for a thread that nobody minds; while all wait longer, those that waited twice as " \
        "long are refused. 0: none are.", 0, 60000, NULL, false}, \
    {"queue-interval-ms", CONFIG_INT, offsetof(type, field.queue_interval_ms), "100", \
        "How long waits may stay above queue-target-ms before that; 1 to 60000.", 1, 60000, \
        NULL, false}, \
    {"connection-rate", CONFIG_INT, offsetof(type, field.connection_rate), "200000", \
        "Calls per second one connection may make; 0: any number.", 0, 1000000, NULL, false}, \
    {"member-rate", CONFIG_INT, offsetof(type, field.member_rate), "100000", \
        "Calls per second one member may make; 0: any number.", 0, 1000000, NULL, false}, \
    {"bad-token-rate", CONFIG_INT, offsetof(type, field.bad_token_rate), "10", \
        "Refused tokens per second one connection may try; 0: any number.", 0, 1000000, \
        NULL, false}, \
    {"max-connections", CONFIG_INT, offsetof(type, field.max_connections), "1024", \
        "Connections there may be; one more takes the place of the oldest that has not shown a good " \
        "token, or is closed. 0: any number.", 0, 1000000, NULL, false}, \
    {"dead-letter-days", CONFIG_INT, offsetof(type, field.dead_letter_days), "90", \
        "How long events that were given up are kept; 0 for ever, to 36500.", 0, 36500, NULL, \
        false}, \
    {"allow-unsafe-database", CONFIG_BOOL, offsetof(type, field.allow_unsafe_database), NULL, \
        "Serve although the database may lose acknowledged changes; for tests.", 0, 0, NULL, false}, \
    {"tap", CONFIG_BOOL, offsetof(type, field.tap), NULL, \
        "Let the operator see what is called here, contents included: kith tap. For finding out " \
        "what a client sends; only on addresses of this machine.", 0, 0, NULL, false}

/* `field` is a const char * in `type`; `peer` the literal name of the service found there. */
#define SERVICE_ENDPOINTS_ROW(type, field, peer, address) \
    {peer "-endpoints", CONFIG_STR, offsetof(type, field), address, \
        "Addresses of the " peer " service, comma separated.", 0, 0, NULL, false}
