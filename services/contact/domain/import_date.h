/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dates of exports, as LinkedIn and spreadsheets write them.
 */
#pragma once

#include <stdint.h>

#define IMPORT_DATE_UNKNOWN INT64_MIN

/*
 * Microseconds since 1970 (UTC) of "27 Jul 2024", "27-Jul-24", "7/27/24, 12:30 PM", "2024-07-27" or
 * "27.07.2024", where the day comes first wherever dots are written.
 * IMPORT_DATE_UNKNOWN for anything else; "03/04/2024" on purpose: which is the month is a guess.
 */
int64_t import_date_parse(const char *text);
