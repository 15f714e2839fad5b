/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listeners: the addresses of a server, and the certificate it shows there. Private to common/rpc;
 * one thread at a time.
 */
#pragma once

#include "rpc/tls.h"

enum { MAX_LISTENERS = 8 };

/* A zeroed one listens nowhere. */
struct listeners {
    struct tls *tls;                       /* NULL: no address is encrypted */
    nng_listener encrypted[MAX_LISTENERS]; /* those that are */
    size_t n_encrypted;
};

struct listen_config {
    const char *urls;          /* comma separated */
    struct rpc_tls tls;        /* of those that begin with tls+ */
    bool is_open_to_strangers; /* clients need no certificate */
    bool may_be_plain;         /* unencrypted addresses may be others than loopback */
};

/* ADDRESS_IN_USE, CONFIG_INVALID, CERTIFICATE_INVALID. */
MUST_USE enum err_code listeners_open(
    struct listeners *l, nng_socket socket, const struct listen_config *config, struct err *err);

/* New connections get the certificate the files hold now; those there are keep theirs. On failure
 * the old one stays in force. */
MUST_USE enum err_code listeners_renew(struct listeners *l, struct err *err);

/* When the certificate expires, wall clock; INT64_MAX: there is none. */
int64_t listeners_expire_s(const struct listeners *l);

/* After the socket is closed. */
void listeners_fini(struct listeners *l);
