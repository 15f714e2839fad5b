/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/profile_url.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Bytes that must stay encoded: undone, they would mean something else. */
static bool is_reserved(int byte)
{
    return byte <= ' ' || byte == 0x7F || byte == '%' || byte == '/' || byte == '?' || byte == '#';
}

static void percent_decode(const char *in, char *out)
{
    while (*in) {
        int high = in[0] == '%' ? hex(in[1]) : -1;
        int low = high >= 0 ? hex(in[2]) : -1;
        if (low >= 0 && !is_reserved(high * 16 + low)) {
            *out++ = (char)(high * 16 + low);
            in += 3;
        } else {
            *out++ = *in++;
        }
    }
    *out = '\0';
}

static const char *after_scheme(const char *url)
{
    const char *colon = strstr(url, "://");
    return colon && colon - url <= 5 ? colon + 3 : url;
}

/* "www.", and the country of "de.linkedin.com". */
static const char *after_prefix(const char *host)
{
    if (strncasecmp(host, "www.", 4) == 0)
        return host + 4;
    if (strncasecmp(host + strcspn(host, "."), ".linkedin.com/", 14) == 0)
        return strchr(host, '.') + 1;
    return host;
}

/* NFC without case. False when `text` is not UTF-8 or does not fit. */
static bool fold_case(const char *text, char out[PROFILE_URL_SIZE])
{
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text, 0, &folded,
        UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
    bool fits = n >= 0 && n < PROFILE_URL_SIZE;
    if (fits)
        memcpy(out, folded, (size_t)n + 1);
    free(folded);
    return fits;
}

bool profile_url_normalise(const char *url, char out[PROFILE_URL_SIZE])
{
    char raw[4 * PROFILE_URL_SIZE]; /* percent-encoding triples the length of UTF-8 */
    const char *rest = after_prefix(after_scheme(url));
    size_t len = strcspn(rest, "?#");
    while (len > 0 && rest[len - 1] == '/')
        len--;
    if (len >= sizeof(raw))
        return false;
    memcpy(raw, rest, len);
    raw[len] = '\0';

    const char *slash = strchr(raw, '/');
    if (!slash || slash == raw || strpbrk(raw, " \t\r\n"))
        return false;
    char decoded[sizeof(raw)];
    percent_decode(raw, decoded);
    return fold_case(decoded, out) || fold_case(raw, out);
}
