/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS: the certificate of one side and whom it trusts, as NNG takes them, renewable while in use.
 * Private to common/rpc; one thread at a time, except tls_expires_s().
 */
#pragma once

#include "rpc/rpc.h"

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

struct tls;

enum tls_side {
    TLS_CLIENT,              /* checks the server's certificate; shows its own if it has one */
    TLS_SERVER,              /* shows its own */
    TLS_SERVER_OF_THE_KNOWN, /* … and talks to nobody without a certificate of the same authority */
};

/* `host` is the name that the server's certificate must bear; NULL for servers. CONFIG_INVALID,
 * CERTIFICATE_INVALID. */
MUST_USE enum err_code tls_new(struct tls **out, const struct rpc_tls *files, enum tls_side side,
    const char *host, struct err *err);

/* For NNG_OPT_TLS_CONFIG; lives as long as `tls`. */
nng_tls_config *tls_config(const struct tls *tls);

/* Were the files replaced since they were read? */
bool tls_is_outdated(const struct tls *tls);

/* Read them again; what was in force stays so on failure. */
MUST_USE enum err_code tls_renew(struct tls *tls, struct err *err);

/* Wall clock; INT64_MAX: never. */
int64_t tls_expires_s(const struct tls *tls);

/* After the sockets that use it. */
void tls_free(struct tls *tls);

/* ---- addresses ---- */

/* Is what goes there encrypted? */
bool tls_is_wanted(const char *url);

/* Can only this machine reach what listens there? */
bool tls_is_needless(const char *url);
