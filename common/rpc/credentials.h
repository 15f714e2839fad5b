/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials: what the PEM files of one side of TLS hold, looked through before it is put to use.
 * Private to common/rpc.
 */
#pragma once

#include "rpc/rpc.h"

struct credentials {
    char *certificate; /* PEM; "": none */
    char *key;
    char *ca;
    int64_t expires_s; /* the first of the certificates, wall clock; INT64_MAX: there is none */
};

/*
 * CERTIFICATE_INVALID: a file cannot be read, is no PEM, others may read the key, it does not
 * belong to the certificate, or that is not in force at `now_s`. credentials_clear() in any case.
 */
MUST_USE enum err_code credentials_read(
    struct credentials *out, const struct rpc_tls *files, int64_t now_s, struct err *err);
void credentials_clear(struct credentials *c);
