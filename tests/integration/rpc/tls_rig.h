/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server with TLS and clients of it, by certificates that deploy/certificates makes. Of two
 * authorities, "ours" and "theirs", each has a service "server", callable at localhost and
 * 127.0.0.1, and a client "client".
 */
#pragma once

#include "rpc/client.h"
#include "rpc/server.h"

struct tls_rig {
    struct rpc_server *server;
    int port;
    char url[64]; /* tls+tcp://127.0.0.1:PORT */
    struct err err;
};

/* Folder with the certificates of all tests of the program; made before the first, removed after
 * the last: cmocka's group fixtures. */
int tls_rig_make_certificates(void **state);
int tls_rig_remove_certificates(void **state);

/* deploy/certificates --dir AUTHORITY ARGUMENT…, up to the NULL. */
void tls_rig_certify(const char *authority, const char *const *arguments);

/* The same, and wait until it has expired: two seconds. */
void tls_rig_certify_expired(const char *authority, const char *const *arguments);

/* The path of "ours/client.pem"; the thread's own, for a few calls. */
const char *tls_rig_path(const char *name);

/* Replaces a file by a copy of another, at once. */
void tls_rig_copy(const char *from, const char *to);

/* Certificate and key of "ours/server" become those of "now". */
void tls_rig_put_in_place(const char *owner);

/* Certificate and key of "ours/client", to be checked by "ours/ca.pem". */
struct rpc_tls tls_rig_files(const char *owner, const char *ca);

/* Listens at url, or at `listen` if that is not NULL. */
enum err_code tls_rig_try_serve(struct tls_rig *rig, const struct rpc_tls *files,
    bool is_open_to_strangers, const char *listen);
void tls_rig_serve(struct tls_rig *rig, const char *owner, const char *ca);
void tls_rig_stop(struct tls_rig *rig);

/* A client of `url`. */
struct rpc_client *tls_rig_connect(
    struct tls_rig *rig, const char *url, const char *owner, const char *ca);
enum err_code tls_rig_ping(struct rpc_client *client, struct err *err);

/* One ping by a client of its own. */
enum err_code tls_rig_try(struct tls_rig *rig, const char *owner, const char *ca);

/* It fails, as it does when one of the two ends the handshake; gives up sooner. */
bool tls_rig_is_refused(struct tls_rig *rig, const char *url, const char *owner, const char *ca);
