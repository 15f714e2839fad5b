/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/invitation_code.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
enum { N_DIGITS = INVITATION_CODE_BYTES * 8 / 5, GROUP = 4 };

/* Where digit `i` stands in the grouped text. */
static size_t place(size_t i)
{
    return i + i / GROUP;
}

static void group(char out[INVITATION_CODE_SIZE])
{
    for (size_t i = GROUP; i < INVITATION_CODE_SIZE - 1; i += GROUP + 1)
        out[i] = '-';
    out[INVITATION_CODE_SIZE - 1] = '\0';
}

void invitation_code_format(
    const uint8_t bits[INVITATION_CODE_BYTES], char out[INVITATION_CODE_SIZE])
{
    for (size_t i = 0; i < N_DIGITS; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)bits[bit / 8] << 8;
        if (bit / 8 + 1 < INVITATION_CODE_BYTES)
            pair |= bits[bit / 8 + 1];
        out[place(i)] = digits[(pair >> (11 - bit % 8)) & 31];
    }
    group(out);
}

/* '\0': no digit. */
static char digit(char typed)
{
    char c = (char)toupper((unsigned char)typed);
    if (c == 'I' || c == 'L')
        return '1';
    if (c == 'O')
        return '0';
    return c != '\0' && strchr(digits, c) ? c : '\0';
}

bool invitation_code_tidy(const char *typed, char out[INVITATION_CODE_SIZE])
{
    size_t n = 0;
    for (const char *p = typed; *p; p++) {
        if (*p == '-' || *p == ' ')
            continue;
        char c = digit(*p);
        if (c == '\0' || n == N_DIGITS)
            return false;
        out[place(n++)] = c;
    }
    group(out);
    return n == N_DIGITS;
}
