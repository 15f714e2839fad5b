/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to unpack a message of about 200 bytes into the arena of a call, as a request (with
 * all checks) and as a reply, and how much less that is than protobuf-c with malloc, which checks
 * nothing. Processor time of one thread, medians of alternating rounds.
 */
#include "arena/arena.h"
#include "rpc/unpack.h"

#include <kith/v1/contact.pb-c.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 15, MESSAGES = 100000, MAX_PACKED = 512, ARENA_LIMIT = 1 << 20 };

static uint8_t packed[MAX_PACKED];
static size_t packed_len;

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static void pack_sample(void)
{
    Kith__V1__Member member = KITH__V1__MEMBER__INIT;
    Kith__V1__Fact facts[2] = {KITH__V1__FACT__INIT, KITH__V1__FACT__INIT};
    Kith__V1__Fact *list[] = {&facts[0], &facts[1]};
    member.id = text("018f4f3a-9d5c-7b1e-8a51-0f6b8c2d4e71");
    member.name = text("Dana Whitlock");
    member.email = text("dana.whitlock@example.org");
    member.time_zone = text("Europe/Berlin");
    member.created_us = 1795412758440413;
    for (int i = 0; i < 2; i++) {
        facts[i].id = text("018f4f3a-9d5c-7b1e-8a51-0f6b8c2d4e72");
        facts[i].kind = KITH__V1__FACT_KIND__FACT_KIND_EXPERTISE;
        facts[i].value = text("open water swimming");
        facts[i].confidence = 1;
    }
    member.facts = list;
    member.n_facts = 1;
    packed_len = kith__v1__member__pack(&member, packed);
}

static double cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double with_malloc(void)
{
    double before = cpu_ns();
    for (int i = 0; i < MESSAGES; i++) {
        Kith__V1__Member *member = kith__v1__member__unpack(NULL, packed_len, packed);
        assert(member);
        kith__v1__member__free_unpacked(member, NULL);
    }
    return (cpu_ns() - before) / MESSAGES;
}

typedef enum err_code unpack_fn(const struct schema_message *type, const struct db_bytes *bytes,
    struct arena *arena, ProtobufCMessage **out, struct err *err);

static double with_arena(unpack_fn *unpack, const struct schema_message *type, struct arena *arena)
{
    const struct db_bytes bytes = {packed, packed_len};
    ProtobufCMessage *message;
    struct err err;
    double before = cpu_ns();
    for (int i = 0; i < MESSAGES; i++) {
        arena_reset(arena);
        if (unpack(type, &bytes, arena, &message, &err) != ERR_OK)
            abort();
    }
    return (cpu_ns() - before) / MESSAGES;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(double), compare);
    return values[ROUNDS / 2];
}

int main(void)
{
    double malloc_ns[ROUNDS], request_ns[ROUNDS], reply_ns[ROUNDS], request[ROUNDS], reply[ROUNDS];
    struct schema *schema;
    struct arena arena;
    struct err err;
    if (schema_new(&schema, &err) != ERR_OK)
        abort();
    const struct schema_message *type =
        schema_find_name(schema, "/kith.v1.ContactService/GetMember")->out->fields[0].message;
    assert(type->type == &kith__v1__member__descriptor);
    arena_init(&arena, ARENA_LIMIT);
    pack_sample();
    for (int i = 0; i < ROUNDS; i++) {
        malloc_ns[i] = with_malloc();
        request_ns[i] = with_arena(unpack_request, type, &arena);
        reply_ns[i] = with_arena(unpack_reply, type, &arena);
        request[i] = request_ns[i] / malloc_ns[i];
        reply[i] = reply_ns[i] / malloc_ns[i];
    }
    (void)printf("unpack bytes=%zu rate=%.0f malloc_ns=%.0f request_ns=%.0f request_ratio=%.2f "
                 "reply_ns=%.0f reply_ratio=%.2f\n",
        packed_len, 1e9 / median(request_ns), median(malloc_ns), median(request_ns),
        median(request), median(reply_ns), median(reply));
    arena_fini(&arena);
    schema_free(schema);
    return 0;
}
