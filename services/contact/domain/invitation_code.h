/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invitation codes: 80 random bits that people read to one another.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { INVITATION_CODE_BYTES = 10, INVITATION_CODE_SIZE = 20 };

/* "ABCD-EFGH-JKLM-NPQR": Crockford's base 32 in groups of four. */
void invitation_code_format(
    const uint8_t bits[INVITATION_CODE_BYTES], char out[INVITATION_CODE_SIZE]);

/*
 * The code a person typed, as invitation_code_format writes it: any case, with or without hyphens
 * and spaces, I and L for 1, O for 0. False unless it has 16 digits.
 */
bool invitation_code_tidy(const char *typed, char out[INVITATION_CODE_SIZE]);
