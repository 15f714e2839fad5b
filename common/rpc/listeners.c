/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/listeners.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { URL_SIZE = 256 };

static enum err_code refuse_url(const char *url, int rv, struct err *err)
{
    if (rv == NNG_EADDRINUSE)
        return err_raise(err, REASON_ADDRESS_IN_USE, "another process listens at %s", url);
    return err_raise(
        err, REASON_CONFIG_INVALID, "cannot listen at \"%s\": %s", url, nng_strerror(rv));
}

static enum err_code load_tls(
    struct listeners *l, const struct listen_config *config, struct err *err)
{
    if (l->tls)
        return ERR_OK;
    enum tls_side side = config->is_open_to_strangers ? TLS_SERVER : TLS_SERVER_OF_THE_KNOWN;
    return tls_new(&l->tls, &config->tls, side, NULL, err);
}

static enum err_code open_encrypted(struct listeners *l, nng_socket socket, const char *url,
    const struct listen_config *config, struct err *err)
{
    nng_listener listener;
    if (l->n_encrypted == MAX_LISTENERS)
        return err_raise(err, REASON_CONFIG_INVALID, "more than %d addresses to listen at with TLS",
            (int)MAX_LISTENERS);
    enum err_code code = load_tls(l, config, err);
    if (code != ERR_OK)
        return code;
    int rv = nng_listener_create(&listener, socket, url);
    if (rv == 0)
        rv = nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, tls_config(l->tls));
    if (rv == 0)
        rv = nng_listener_start(listener, 0);
    if (rv != 0)
        return refuse_url(url, rv, err);
    l->encrypted[l->n_encrypted++] = listener;
    return ERR_OK;
}

static enum err_code open_one(struct listeners *l, nng_socket socket, const char *url,
    const struct listen_config *config, struct err *err)
{
    if (tls_is_wanted(url))
        return open_encrypted(l, socket, url, config, err);
    if (!config->may_be_plain && !tls_is_needless(url))
        return err_raise(err, REASON_CONFIG_INVALID,
            "%s can be reached from elsewhere, and what goes there, tokens too, can be read on the "
            "way: listen at tls+tcp:// instead, or set allow-plain-tcp where nobody else can "
            "reach it",
            url);
    int rv = nng_listen(socket, url, NULL, 0);
    return rv == 0 ? ERR_OK : refuse_url(url, rv, err);
}

enum err_code listeners_open(
    struct listeners *l, nng_socket socket, const struct listen_config *config, struct err *err)
{
    const char *urls = config->urls;
    while (*urls) {
        char url[URL_SIZE];
        size_t len = strcspn(urls, ",");
        if (len >= sizeof(url))
            return err_raise(err, REASON_CONFIG_INVALID, "an address to listen at is too long");
        memcpy(url, urls, len);
        url[len] = '\0';
        enum err_code code = len > 0 ? open_one(l, socket, url, config, err) : ERR_OK;
        if (code != ERR_OK)
            return code;
        urls += len + (urls[len] == ',');
    }
    return ERR_OK;
}

/* Where a listener is reached from this machine. 0: nowhere. */
static socklen_t own_address(nng_listener listener, struct sockaddr_storage *out)
{
    nng_sockaddr bound;
    memset(out, 0, sizeof(*out));
    if (nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &bound) != 0)
        return 0;
    if (bound.s_family == NNG_AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)out;
        in->sin_family = AF_INET;
        in->sin_port = bound.s_in.sa_port;
        in->sin_addr.s_addr = bound.s_in.sa_addr;
        return sizeof(*in);
    }
    if (bound.s_family == NNG_AF_INET6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)out;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = bound.s_in6.sa_port;
        memcpy(&in6->sin6_addr, bound.s_in6.sa_addr, sizeof(in6->sin6_addr));
        return sizeof(*in6);
    }
    return 0;
}

/* NNG equips a connection before it comes: one with the old certificate is under way, and this
 * takes it. */
static void use_up_prepared(nng_listener listener)
{
    struct sockaddr_storage address;
    socklen_t len = own_address(listener, &address);
    int fd = len > 0 ? socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    const struct timeval patience = {.tv_sec = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    (void)connect(fd, (const struct sockaddr *)(const void *)&address, len);
    (void)close(fd);
}

enum err_code listeners_renew(struct listeners *l, struct err *err)
{
    if (!l->tls)
        return ERR_OK;
    enum err_code code = tls_renew(l->tls, err);
    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < l->n_encrypted; i++) {
        int rv = nng_listener_set_ptr(l->encrypted[i], NNG_OPT_TLS_CONFIG, tls_config(l->tls));
        if (rv != 0)
            return err_raise(err, REASON_INTERNAL_ERROR,
                "the certificate could not be put to use: %s", nng_strerror(rv));
        use_up_prepared(l->encrypted[i]);
    }
    return ERR_OK;
}

int64_t listeners_expire_s(const struct listeners *l)
{
    return l->tls ? tls_expires_s(l->tls) : INT64_MAX;
}

void listeners_fini(struct listeners *l)
{
    tls_free(l->tls);
    *l = (struct listeners){0};
}
