/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mbedtls/error.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

enum { MAX_FILE = 1 << 20, REASON_SIZE = 128, DAY_SIZE = 16 };

/* Who may do what with the file of a key: its owner all, its group read, nobody else anything. */
static const mode_t forbidden_to_others = S_IWGRP | S_IXGRP | S_IRWXO;

/* ---- files ---- */

static enum err_code refuse_file(const char *path, const char *why, struct err *err)
{
    return err_raise(err, REASON_CERTIFICATE_INVALID, "%s: %s", path, why);
}

static enum err_code read_open_file(
    int fd, const char *path, bool is_secret, char **out, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE)
        return refuse_file(path, "this is no file of certificates", err);
    if (is_secret && (st.st_mode & forbidden_to_others) != 0)
        return refuse_file(path, "others may read this key; forbid it: chmod 600", err);
    char *text = malloc((size_t)st.st_size + 1);
    if (!text)
        return err_raise(err, REASON_INTERNAL_ERROR, "no memory for %s", path);
    ssize_t len = pread(fd, text, (size_t)st.st_size, 0);
    text[len > 0 ? len : 0] = '\0';
    *out = text;
    return ERR_OK;
}

/* The text of a file, "" if there is no path. */
static enum err_code read_file(const char *path, bool is_secret, char **out, struct err *err)
{
    if (!path || path[0] == '\0') {
        *out = strdup("");
        return *out ? ERR_OK : err_raise(err, REASON_INTERNAL_ERROR, "no memory");
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refuse_file(path, strerrordesc_np(errno), err);
    enum err_code code = read_open_file(fd, path, is_secret, out, err);
    (void)close(fd);
    return code;
}

/* ---- what they hold ---- */

static enum err_code refuse_pem(const char *path, const char *what, int rv, struct err *err)
{
    char why[REASON_SIZE] = "";
    if (rv > 0)
        return err_raise(
            err, REASON_CERTIFICATE_INVALID, "%s: %d of its parts cannot be read", path, rv);
    mbedtls_strerror(rv, why, sizeof(why));
    enum err_code code = err_raise(err, REASON_CERTIFICATE_INVALID, "%s holds no %s", path, what);
    err_detail(err, "%s", why);
    return code;
}

static int64_t epoch_s(const mbedtls_x509_time *t)
{
    struct tm tm = {.tm_year = t->year - 1900,
        .tm_mon = t->mon - 1,
        .tm_mday = t->day,
        .tm_hour = t->hour,
        .tm_min = t->min,
        .tm_sec = t->sec};
    return (int64_t)timegm(&tm);
}

static void format_day(const mbedtls_x509_time *t, char out[DAY_SIZE])
{
    (void)snprintf(out, DAY_SIZE, "%04d-%02d-%02d", t->year % 10000, t->mon % 100, t->day % 100);
}

/* All certificates of a file must be in force; the first to expire counts. */
static enum err_code check_dates(const mbedtls_x509_crt *chain, const char *path, int64_t now_s,
    int64_t *expires_s, struct err *err)
{
    char day[DAY_SIZE];
    for (const mbedtls_x509_crt *c = chain; c; c = c->next) {
        int64_t end_s = epoch_s(&c->valid_to);
        if (end_s <= now_s) {
            format_day(&c->valid_to, day);
            return err_raise(
                err, REASON_CERTIFICATE_INVALID, "%s: a certificate expired on %s", path, day);
        }
        if (epoch_s(&c->valid_from) > now_s) {
            format_day(&c->valid_from, day);
            return err_raise(err, REASON_CERTIFICATE_INVALID,
                "%s: a certificate is valid only from %s on", path, day);
        }
        if (end_s < *expires_s)
            *expires_s = end_s;
    }
    return ERR_OK;
}

static int random_bytes(void *arg, unsigned char *out, size_t len)
{
    (void)arg;
    arc4random_buf(out, len);
    return 0;
}

static int parse_key(mbedtls_pk_context *key, const char *text)
{
    const unsigned char *pem = (const unsigned char *)text;
#if MBEDTLS_VERSION_MAJOR >= 3
    return mbedtls_pk_parse_key(key, pem, strlen(text) + 1, NULL, 0, random_bytes, NULL);
#else
    return mbedtls_pk_parse_key(key, pem, strlen(text) + 1, NULL, 0);
#endif
}

static int check_pair(mbedtls_pk_context *own, mbedtls_pk_context *key)
{
#if MBEDTLS_VERSION_MAJOR >= 3
    return mbedtls_pk_check_pair(own, key, random_bytes, NULL);
#else
    (void)random_bytes;
    return mbedtls_pk_check_pair(own, key);
#endif
}

static enum err_code check_key(
    mbedtls_x509_crt *own, const char *text, const struct rpc_tls *files, struct err *err)
{
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    enum err_code code = ERR_OK;
    int rv = parse_key(&key, text);
    if (rv != 0)
        code = refuse_pem(files->key, "private key, or one with a password", rv, err);
    else if (check_pair(&own->pk, &key) != 0)
        code = err_raise(err, REASON_CERTIFICATE_INVALID, "the key %s is not that of %s",
            files->key, files->certificate);
    mbedtls_pk_free(&key);
    return code;
}

/* Certificates of one file, whose own key is `key_text` unless that is NULL. */
static enum err_code check_certificates(struct credentials *c, const char *text, const char *path,
    const struct rpc_tls *files, int64_t now_s, struct err *err)
{
    mbedtls_x509_crt chain;
    mbedtls_x509_crt_init(&chain);
    int rv = mbedtls_x509_crt_parse(&chain, (const unsigned char *)text, strlen(text) + 1);
    enum err_code code = rv == 0 ? check_dates(&chain, path, now_s, &c->expires_s, err)
                                 : refuse_pem(path, "certificates", rv, err);
    if (code == ERR_OK && text == c->certificate)
        code = check_key(&chain, c->key, files, err);
    mbedtls_x509_crt_free(&chain);
    return code;
}

static enum err_code read_files(
    struct credentials *out, const struct rpc_tls *files, struct err *err)
{
    enum err_code code = read_file(files->certificate, false, &out->certificate, err);
    if (code == ERR_OK)
        code = read_file(files->key, true, &out->key, err);
    if (code == ERR_OK)
        code = read_file(files->ca, false, &out->ca, err);
    return code;
}

enum err_code credentials_read(
    struct credentials *out, const struct rpc_tls *files, int64_t now_s, struct err *err)
{
    *out = (struct credentials){.expires_s = INT64_MAX};
    enum err_code code = read_files(out, files, err);
    if (code != ERR_OK)
        return code;
#if MBEDTLS_VERSION_MAJOR >= 3
    (void)psa_crypto_init();
#endif
    if ((out->certificate[0] != '\0') != (out->key[0] != '\0'))
        return err_raise(err, REASON_CERTIFICATE_INVALID,
            "a certificate needs its key, and a key its certificate: name both files");
    if (out->certificate[0] != '\0')
        code = check_certificates(out, out->certificate, files->certificate, files, now_s, err);
    if (code == ERR_OK && out->ca[0] != '\0')
        code = check_certificates(out, out->ca, files->ca, files, now_s, err);
    return code;
}

void credentials_clear(struct credentials *c)
{
    if (c->key)
        explicit_bzero(c->key, strlen(c->key));
    free(c->certificate);
    free(c->key);
    free(c->ca);
    *c = (struct credentials){0};
}
