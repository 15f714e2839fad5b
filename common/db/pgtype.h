/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL's built-in types we exchange in binary: their fixed oids and their byte order.
 * (server/catalog/pg_type_d.h has the same numbers, but is no part of libpq's package.)
 */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum pgtype {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_NAME = 19,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_JSON = 114,
    PG_FLOAT4 = 700,
    PG_FLOAT8 = 701,
    PG_BYTEA_ARRAY = 1001,
    PG_INT2_ARRAY = 1005,
    PG_INT4_ARRAY = 1007,
    PG_TEXT_ARRAY = 1009,
    PG_VARCHAR_ARRAY = 1015,
    PG_INT8_ARRAY = 1016,
    PG_FLOAT8_ARRAY = 1022,
    PG_BPCHAR = 1042,
    PG_VARCHAR = 1043,
    PG_TIMESTAMPTZ = 1184,
    PG_TIMESTAMPTZ_ARRAY = 1185,
    PG_VOID = 2278,
    PG_UUID = 2950,
    PG_UUID_ARRAY = 2951,
    PG_FIRST_USER_OID = 16384, /* enums and other types made by migrations */
};

/* timestamptz counts from 2000-01-01; its extremes are -infinity and infinity in both clocks. */
#define PG_EPOCH_US INT64_C(946684800000000)

static inline void pg_put16(unsigned char *p, int16_t v)
{
    uint16_t be = htobe16((uint16_t)v);
    memcpy(p, &be, sizeof(be));
}

static inline void pg_put32(unsigned char *p, int32_t v)
{
    uint32_t be = htobe32((uint32_t)v);
    memcpy(p, &be, sizeof(be));
}

static inline void pg_put64(unsigned char *p, int64_t v)
{
    uint64_t be = htobe64((uint64_t)v);
    memcpy(p, &be, sizeof(be));
}

static inline int16_t pg_get16(const void *p)
{
    uint16_t be;
    memcpy(&be, p, sizeof(be));
    return (int16_t)be16toh(be);
}

static inline int32_t pg_get32(const void *p)
{
    uint32_t be;
    memcpy(&be, p, sizeof(be));
    return (int32_t)be32toh(be);
}

static inline int64_t pg_get64(const void *p)
{
    uint64_t be;
    memcpy(&be, p, sizeof(be));
    return (int64_t)be64toh(be);
}
