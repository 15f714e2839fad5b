/* SPDX-License-Identifier: Apache-2.0 */
#include "db/conn.h"
#include "db/pgtype.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

enum { ARRAY_HEADER = 20, EMPTY_ARRAY_HEADER = 12 };

struct db_param db_text(const char *s)
{
    return (struct db_param){DB_TEXT, s == NULL, {.text = s}};
}

struct db_param db_bytes(const void *data, size_t len)
{
    return (struct db_param){DB_BYTES, data == NULL, {.bytes = {data, len}}};
}

struct db_param db_id(const struct id *id)
{
    return (struct db_param){DB_ID, id == NULL, {.id = id}};
}

struct db_param db_int(int64_t n)
{
    return (struct db_param){DB_INT, false, {.num = n}};
}

struct db_param db_float(double x)
{
    return (struct db_param){DB_FLOAT, false, {.real = x}};
}

struct db_param db_bool(bool b)
{
    return (struct db_param){DB_BOOL, false, {.flag = b}};
}

struct db_param db_time(int64_t wall_us)
{
    return (struct db_param){DB_TIME, false, {.num = wall_us}};
}

struct db_param db_null(enum db_type type)
{
    return (struct db_param){type, true, {NULL}};
}

static struct db_param array_param(enum db_type type, const void *items, size_t n)
{
    return (struct db_param){type, items == NULL && n > 0, {.array = {items, n}}};
}

struct db_param db_text_array(const char *const *items, size_t n)
{
    return array_param(DB_TEXT_ARRAY, items, n);
}

struct db_param db_id_array(const struct id *items, size_t n)
{
    return array_param(DB_ID_ARRAY, items, n);
}

struct db_param db_int_array(const int64_t *items, size_t n)
{
    return array_param(DB_INT_ARRAY, items, n);
}

struct db_param db_float_array(const double *items, size_t n)
{
    return array_param(DB_FLOAT_ARRAY, items, n);
}

struct db_param db_time_array(const int64_t *items, size_t n)
{
    return array_param(DB_TIME_ARRAY, items, n);
}

struct db_param db_bytes_array(const struct db_bytes *items, size_t n)
{
    return array_param(DB_BYTES_ARRAY, items, n);
}

/* Which PostgreSQL types a C type can be bound to, the width on the wire and the element type. */
static const struct binding {
    enum db_type type;
    const char *c_name;
    Oid oid;
    Oid element;  /* arrays only */
    size_t width; /* of the value or element; 0: as long as it is */
} bindings[] = {
    {DB_TEXT, "db_text", PG_TEXT, 0, 0},
    {DB_TEXT, "db_text", PG_VARCHAR, 0, 0},
    {DB_TEXT, "db_text", PG_BPCHAR, 0, 0},
    {DB_TEXT, "db_text", PG_NAME, 0, 0},
    {DB_TEXT, "db_text", PG_JSON, 0, 0},
    {DB_BYTES, "db_bytes", PG_BYTEA, 0, 0},
    {DB_ID, "db_id", PG_UUID, 0, sizeof(struct id)},
    {DB_INT, "db_int", PG_INT8, 0, sizeof(int64_t)},
    {DB_INT, "db_int", PG_INT4, 0, sizeof(int32_t)},
    {DB_INT, "db_int", PG_INT2, 0, sizeof(int16_t)},
    {DB_FLOAT, "db_float", PG_FLOAT8, 0, sizeof(double)},
    {DB_BOOL, "db_bool", PG_BOOL, 0, 1},
    {DB_TIME, "db_time", PG_TIMESTAMPTZ, 0, sizeof(int64_t)},
    {DB_TEXT_ARRAY, "db_text_array", PG_TEXT_ARRAY, PG_TEXT, 0},
    {DB_TEXT_ARRAY, "db_text_array", PG_VARCHAR_ARRAY, PG_VARCHAR, 0},
    {DB_ID_ARRAY, "db_id_array", PG_UUID_ARRAY, PG_UUID, sizeof(struct id)},
    {DB_INT_ARRAY, "db_int_array", PG_INT8_ARRAY, PG_INT8, sizeof(int64_t)},
    {DB_INT_ARRAY, "db_int_array", PG_INT4_ARRAY, PG_INT4, sizeof(int32_t)},
    {DB_INT_ARRAY, "db_int_array", PG_INT2_ARRAY, PG_INT2, sizeof(int16_t)},
    {DB_FLOAT_ARRAY, "db_float_array", PG_FLOAT8_ARRAY, PG_FLOAT8, sizeof(double)},
    {DB_TIME_ARRAY, "db_time_array", PG_TIMESTAMPTZ_ARRAY, PG_TIMESTAMPTZ, sizeof(int64_t)},
    {DB_BYTES_ARRAY, "db_bytes_array", PG_BYTEA_ARRAY, PG_BYTEA, 0},
};

enum { N_BINDINGS = sizeof(bindings) / sizeof(bindings[0]) };

/* The type of the elements; 0 where it is no array of ours. */
static Oid element_of(Oid array)
{
    for (int i = 0; i < N_BINDINGS; i++)
        if (bindings[i].oid == array)
            return bindings[i].element;
    return 0;
}

bool params_can_bind(Oid type, bool is_keyed)
{
    for (int i = 0; i < N_BINDINGS; i++)
        if (bindings[i].oid == type)
            return !is_keyed || bindings[i].element != 0;
    return false;
}

/* The row for both; else the first row of the C type (oid differs), to name it. */
static const struct binding *find_binding(enum db_type type, Oid oid)
{
    const struct binding *named = NULL;
    for (int i = 0; i < N_BINDINGS; i++) {
        if (bindings[i].type != type)
            continue;
        if (bindings[i].oid == oid)
            return &bindings[i];
        if (!named)
            named = &bindings[i];
    }
    return named;
}

static bool put_int(unsigned char *to, size_t width, int64_t n)
{
    if (width == sizeof(int64_t))
        pg_put64(to, n);
    else if (width == sizeof(int32_t) && n >= INT32_MIN && n <= INT32_MAX)
        pg_put32(to, (int32_t)n);
    else if (width == sizeof(int16_t) && n >= INT16_MIN && n <= INT16_MAX)
        pg_put16(to, (int16_t)n);
    else
        return false;
    return true;
}

static void put_float(unsigned char *to, double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    pg_put64(to, bits);
}

static void put_time(unsigned char *to, int64_t wall_us)
{
    bool is_infinite = wall_us == INT64_MAX || wall_us < INT64_MIN + PG_EPOCH_US;
    pg_put64(to, is_infinite ? wall_us : wall_us - PG_EPOCH_US);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

/* Element i as bytes; data NULL for SQL NULL. Fixed-width elements that need work say so by len. */
static struct db_bytes variable_item(const struct db_param *p, size_t i)
{
    if (p->type == DB_BYTES_ARRAY)
        return ((const struct db_bytes *)p->value.array.items)[i];
    const char *text = ((const char *const *)p->value.array.items)[i];
    return (struct db_bytes){text, text ? strlen(text) : 0};
}

static bool put_fixed_item(
    unsigned char *to, const struct db_param *p, const struct binding *b, size_t i)
{
    const void *items = p->value.array.items;
    if (p->type == DB_INT_ARRAY)
        return put_int(to, b->width, ((const int64_t *)items)[i]);
    if (p->type == DB_TIME_ARRAY)
        put_time(to, ((const int64_t *)items)[i]);
    else if (p->type == DB_FLOAT_ARRAY)
        put_float(to, ((const double *)items)[i]);
    else
        memcpy(to, &((const struct id *)items)[i], sizeof(struct id));
    return true;
}

static bool is_null_time(const struct db_param *p, size_t i)
{
    return p->type == DB_TIME_ARRAY && ((const int64_t *)p->value.array.items)[i] == DB_TIME_NULL;
}

static size_t array_size(const struct db_param *p, const struct binding *b)
{
    size_t n = p->value.array.n;
    if (n == 0)
        return EMPTY_ARRAY_HEADER;
    size_t size = ARRAY_HEADER;
    for (size_t i = 0; i < n && size <= INT_MAX; i++)
        size += sizeof(int32_t) + (b->width ? b->width : variable_item(p, i).len);
    return size;
}

/* Appends an element and returns the place after it. Without data it is SQL NULL. */
static unsigned char *put_bytes(unsigned char *to, struct db_bytes item)
{
    unsigned char *data = to + sizeof(int32_t);
    pg_put32(to, item.data ? (int32_t)item.len : -1);
    if (!item.data)
        return data;
    memcpy(data, item.data, item.len);
    return data + item.len;
}

/* The same with element i; NULL if a number does not fit its type. */
static unsigned char *put_item(
    unsigned char *to, const struct db_param *p, const struct binding *b, size_t i)
{
    unsigned char *data = to + sizeof(int32_t);
    if (b->width && !is_null_time(p, i)) {
        pg_put32(to, (int32_t)b->width);
        return put_fixed_item(data, p, b, i) ? data + b->width : NULL;
    }
    return put_bytes(to, b->width ? (struct db_bytes){NULL, 0} : variable_item(p, i));
}

/* Number of dimensions, has-NULLs flag, element type; then per dimension length and lower bound. */
static unsigned char *put_header(unsigned char *to, Oid element, size_t n)
{
    pg_put32(to, n > 0);
    pg_put32(to + 4, 1);
    pg_put32(to + 8, (int32_t)element);
    if (n == 0)
        return to + EMPTY_ARRAY_HEADER;
    pg_put32(to + 12, (int32_t)n);
    pg_put32(to + 16, 1);
    return to + ARRAY_HEADER;
}

static bool put_array(
    unsigned char *to, const struct db_param *p, const struct binding *b, size_t *len)
{
    size_t n = p->value.array.n;
    unsigned char *at = put_header(to, b->element, n);
    for (size_t i = 0; at && i < n; i++)
        at = put_item(at, p, b, i);
    *len = at ? (size_t)(at - to) : 0;
    return at != NULL;
}

/* ---- one parameter --------------------------------------------------------------------------- */

static enum err_code too_large(struct err *err)
{
    return err_raise(err, REASON_REQUEST_TOO_LARGE, "more than the database takes at once");
}

static enum err_code out_of_range(int i, struct err *err)
{
    return err_raise(err, REASON_INTERNAL_ERROR, "a number in $%d is out of range", i + 1);
}

static void set_value(struct params *out, int i, const void *data, size_t len)
{
    /* A NULL pointer would be SQL NULL; an empty value is not. */
    out->values[i] = data ? data : "";
    out->lengths[i] = (int)len;
}

static enum err_code encode_array(
    struct params *out, int i, const struct db_param *p, const struct binding *b, struct err *err)
{
    size_t size = array_size(p, b);
    if (size > INT_MAX)
        return too_large(err);
    out->owned[i] = malloc(size);
    if (!out->owned[i])
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    size_t len;
    if (!put_array(out->owned[i], p, b, &len))
        return out_of_range(i, err);
    set_value(out, i, out->owned[i], len);
    return ERR_OK;
}

/* A value that is no array as bytes: where it lies, or in `room`. False if out of range. */
static bool encode_scalar(
    const struct db_param *p, const struct binding *b, unsigned char room[8], struct db_bytes *out)
{
    *out = (struct db_bytes){room, b->width};
    switch (p->type) {
    case DB_TEXT:
        *out = (struct db_bytes){p->value.text, strlen(p->value.text)};
        return true;
    case DB_BYTES:
        *out = p->value.bytes;
        return true;
    case DB_ID:
        out->data = p->value.id;
        return true;
    case DB_INT:
        return put_int(room, b->width, p->value.num);
    case DB_FLOAT:
        put_float(room, p->value.real);
        return true;
    case DB_BOOL:
        room[0] = p->value.flag;
        return true;
    case DB_TIME:
        put_time(room, p->value.num);
        return true;
    case DB_TEXT_ARRAY:
    case DB_ID_ARRAY:
    case DB_INT_ARRAY:
    case DB_FLOAT_ARRAY:
    case DB_TIME_ARRAY:
    case DB_BYTES_ARRAY:
        break;
    }
    return false;
}

static enum err_code encode_value(
    struct params *out, int i, const struct db_param *p, const struct binding *b, struct err *err)
{
    struct db_bytes bytes;
    if (b->element)
        return encode_array(out, i, p, b, err);
    if (!encode_scalar(p, b, out->scalars[i], &bytes))
        return out_of_range(i, err);
    if (bytes.len > INT_MAX)
        return too_large(err);
    set_value(out, i, bytes.data, bytes.len);
    return ERR_OK;
}

/* How $i of this type is bound to what the caller gave. */
static enum err_code choose_binding(const struct db_stmt *stmt, int i, const struct db_param *given,
    Oid type, const struct binding **out, struct err *err)
{
    *out = find_binding(given->type, type);
    if ((*out)->oid == type)
        return ERR_OK;
    return err_raise(err, REASON_INTERNAL_ERROR,
        "%s: $%d is type oid %u for PostgreSQL, but was given by %s() (oid %u)", stmt->name, i + 1,
        type, (*out)->c_name, (*out)->oid);
}

static void begin(struct params *out, const struct db_stmt *stmt)
{
    out->n = stmt->n_params;
    for (int i = 0; i < out->n; i++) {
        out->values[i] = NULL;
        out->owned[i] = NULL;
        out->lengths[i] = 0;
        out->formats[i] = 1;
    }
}

enum err_code params_encode(struct params *out, const struct prepared_stmt *prepared,
    const struct db_param *params, struct err *err)
{
    const struct db_stmt *stmt = prepared->stmt;
    if (stmt->is_keyed)
        return params_encode_keys(out, prepared, &params, 1, err);
    begin(out, stmt);
    for (int i = 0; i < out->n; i++) {
        const struct binding *b;
        enum err_code code = choose_binding(stmt, i, &params[i], prepared->types[i], &b, err);
        if (code == ERR_OK && !params[i].is_null)
            code = encode_value(out, i, &params[i], b, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* A caller's value on its way into the array. */
struct key {
    struct db_bytes bytes; /* without data: SQL NULL */
    unsigned char room[8];
};

static enum err_code encode_key(struct key *key, int i, const struct db_stmt *stmt,
    const struct db_param *given, Oid type, struct err *err)
{
    const struct binding *b;
    enum err_code code = choose_binding(stmt, i, given, type, &b, err);
    key->bytes = (struct db_bytes){NULL, 0};
    if (code != ERR_OK || given->is_null)
        return code;
    if (!encode_scalar(given, b, key->room, &key->bytes))
        return out_of_range(i, err);
    return key->bytes.len > INT_MAX ? too_large(err) : ERR_OK;
}

static enum err_code put_keys(
    struct params *out, int i, Oid type, const struct key *keys, size_t n, struct err *err)
{
    size_t size = ARRAY_HEADER;
    for (size_t k = 0; k < n; k++)
        size += sizeof(int32_t) + keys[k].bytes.len;
    if (size > INT_MAX)
        return too_large(err);
    out->owned[i] = malloc(size);
    if (!out->owned[i])
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    unsigned char *at = put_header(out->owned[i], type, n);
    for (size_t k = 0; k < n; k++)
        at = put_bytes(at, keys[k].bytes);
    set_value(out, i, out->owned[i], size);
    return ERR_OK;
}

enum err_code params_encode_keys(struct params *out, const struct prepared_stmt *prepared,
    const struct db_param *const *callers, size_t n, struct err *err)
{
    const struct db_stmt *stmt = prepared->stmt;
    struct key keys[DB_KEYS_MAX];
    assert(n <= DB_KEYS_MAX);
    begin(out, stmt);
    for (int i = 0; i < out->n; i++) {
        Oid type = element_of(prepared->types[i]);
        enum err_code code = ERR_OK;
        for (size_t k = 0; k < n && code == ERR_OK; k++)
            code = encode_key(&keys[k], i, stmt, &callers[k][i], type, err);
        if (code == ERR_OK)
            code = put_keys(out, i, type, keys, n, err);
        if (code != ERR_OK)
            return code;
    }
    return ERR_OK;
}

void params_fini(struct params *p)
{
    for (int i = 0; i < p->n; i++)
        free(p->owned[i]);
    p->n = 0;
}
