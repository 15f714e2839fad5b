/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logline: what the services logged, read back. docs/log.md is the contract; of its formats the two
 * for machines, json and logfmt, are understood.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

/* The fields of one line; numbers of a logfmt line stay strings, as view_int() takes them. NULL:
 * it is none. The caller's. */
json_t *logline_parse(const char *line);

/* When it was written, in microseconds since 1970; 0: it does not say. */
int64_t logline_time_us(const json_t *line);
