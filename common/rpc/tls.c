/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/tls.h"

#include "clock/clock.h"
#include "rpc/credentials.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { N_FILES = 3, US_PER_S = 1000 * 1000 };

/* Tells one state of a file from another. */
struct stamp {
    struct timespec changed;
    ino_t inode;
    off_t size;
};

/* NNG's connections look at a configuration without holding it: none is freed before the sockets
 * are closed. */
struct generation {
    struct generation *older;
    nng_tls_config *config;
};

struct tls {
    char *paths[N_FILES]; /* certificate, key, ca; "": none */
    char *host;           /* NULL for servers */
    enum tls_side side;
    struct stamp stamps[N_FILES];
    struct generation *newest;
    atomic_int_least64_t expires_s;
};

/* ---- loading ---- */

static struct rpc_tls files_of(const struct tls *tls)
{
    return (struct rpc_tls){tls->paths[0], tls->paths[1], tls->paths[2]};
}

static void take_stamps(const struct tls *tls, struct stamp stamps[N_FILES])
{
    for (size_t i = 0; i < N_FILES; i++) {
        struct stat st;
        stamps[i] = (struct stamp){0};
        if (tls->paths[i][0] != '\0' && stat(tls->paths[i], &st) == 0)
            stamps[i] = (struct stamp){st.st_mtim, st.st_ino, st.st_size};
    }
}

static enum err_code check_complete(
    const struct tls *tls, const struct credentials *c, struct err *err)
{
    if (tls->side != TLS_CLIENT && c->certificate[0] == '\0')
        return err_raise(err, REASON_CONFIG_INVALID,
            "to listen with TLS takes a certificate: set tls-certificate and tls-key");
    if (tls->side != TLS_SERVER && c->ca[0] == '\0')
        return err_raise(err, REASON_CONFIG_INVALID,
            "with TLS it must be said whose certificates to trust: set tls-ca");
    return ERR_OK;
}

static int configure(const struct tls *tls, const struct credentials *c, nng_tls_config *config)
{
    nng_tls_auth_mode mode =
        tls->side == TLS_SERVER ? NNG_TLS_AUTH_MODE_NONE : NNG_TLS_AUTH_MODE_REQUIRED;
    int rv = nng_tls_config_auth_mode(config, mode);
    if (rv == 0 && mode != NNG_TLS_AUTH_MODE_NONE)
        rv = nng_tls_config_ca_chain(config, c->ca, NULL);
    if (rv == 0 && c->certificate[0] != '\0')
        rv = nng_tls_config_own_cert(config, c->certificate, c->key, NULL);
    if (rv == 0 && tls->host)
        rv = nng_tls_config_server_name(config, tls->host);
    return rv;
}

static enum err_code add_generation(struct tls *tls, const struct credentials *c, struct err *err)
{
    struct generation *g = calloc(1, sizeof(*g));
    if (!g)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for certificates");
    int rv = nng_tls_config_alloc(
        &g->config, tls->side == TLS_CLIENT ? NNG_TLS_MODE_CLIENT : NNG_TLS_MODE_SERVER);
    if (rv == 0) {
        rv = configure(tls, c, g->config);
        if (rv != 0)
            nng_tls_config_free(g->config);
    }
    if (rv != 0) {
        free(g);
        return err_raise(
            err, REASON_CERTIFICATE_INVALID, "the certificate is of no use: %s", nng_strerror(rv));
    }
    g->older = tls->newest;
    tls->newest = g;
    return ERR_OK;
}

enum err_code tls_renew(struct tls *tls, struct err *err)
{
    struct credentials c;
    struct stamp stamps[N_FILES];
    const struct rpc_tls files = files_of(tls);
    take_stamps(tls, stamps); /* before reading: what changes meanwhile is seen later */
    enum err_code code =
        credentials_read(&c, &files, clock_wall_us(clock_system()) / US_PER_S, err);
    if (code == ERR_OK)
        code = check_complete(tls, &c, err);
    if (code == ERR_OK)
        code = add_generation(tls, &c, err);
    memcpy(tls->stamps, stamps, sizeof(stamps)); /* bad ones are not tried twice either */
    if (code == ERR_OK)
        atomic_store(&tls->expires_s, c.expires_s);
    credentials_clear(&c);
    return code;
}

enum err_code tls_new(struct tls **out, const struct rpc_tls *files, enum tls_side side,
    const char *host, struct err *err)
{
    const char *const paths[N_FILES] = {files->certificate, files->key, files->ca};
    struct tls *tls = calloc(1, sizeof(*tls));
    bool is_whole = tls != NULL;
    for (size_t i = 0; is_whole && i < N_FILES; i++) {
        tls->paths[i] = strdup(paths[i] ? paths[i] : "");
        is_whole = tls->paths[i] != NULL;
    }
    if (is_whole && host) {
        tls->host = strdup(host);
        is_whole = tls->host != NULL;
    }
    if (!is_whole) {
        tls_free(tls);
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for certificates");
    }
    tls->side = side;
    enum err_code code = tls_renew(tls, err);
    if (code != ERR_OK) {
        tls_free(tls);
        return code;
    }
    *out = tls;
    return ERR_OK;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    while (tls->newest) {
        struct generation *g = tls->newest;
        tls->newest = g->older;
        nng_tls_config_free(g->config);
        free(g);
    }
    for (size_t i = 0; i < N_FILES; i++)
        free(tls->paths[i]);
    free(tls->host);
    free(tls);
}

/* ---- asking ---- */

nng_tls_config *tls_config(const struct tls *tls)
{
    return tls->newest->config;
}

bool tls_is_outdated(const struct tls *tls)
{
    struct stamp now[N_FILES];
    take_stamps(tls, now);
    for (size_t i = 0; i < N_FILES; i++)
        if (now[i].inode != tls->stamps[i].inode || now[i].size != tls->stamps[i].size ||
            now[i].changed.tv_sec != tls->stamps[i].changed.tv_sec ||
            now[i].changed.tv_nsec != tls->stamps[i].changed.tv_nsec)
            return true;
    return false;
}

int64_t tls_expires_s(const struct tls *tls)
{
    return atomic_load(&tls->expires_s);
}

/* ---- addresses ---- */

static bool begins(const char *text, const char *prefix)
{
    return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

bool tls_is_wanted(const char *url)
{
    return begins(url, "tls+") || begins(url, "wss");
}

/* 127.0.0.0/8 in numbers; a name may begin alike and be anywhere. */
static bool is_loopback_number(const char *host)
{
    return begins(host, "127.") && host[strspn(host, "0123456789.")] == ':';
}

bool tls_is_needless(const char *url)
{
    if (!begins(url, "tcp") && !begins(url, "ws"))
        return true; /* no network */
    const char *host = strstr(url, "://");
    if (!host)
        return false;
    host += strlen("://");
    return is_loopback_number(host) || begins(host, "localhost:") || begins(host, "[::1]:");
}
