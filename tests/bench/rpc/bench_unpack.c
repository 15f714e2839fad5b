/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to unpack a message of about 200 bytes into the arena of a call, and how much less
 * that is than protobuf-c with malloc. Processor time of one thread, medians of alternating rounds.
 */
#include "arena/arena.h"

#include <kith/v1/contact.pb-c.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 15, MESSAGES = 100000, MAX_PACKED = 512, ARENA_LIMIT = 1 << 20 };

static uint8_t packed[MAX_PACKED];
static size_t packed_len;

static void *arena_pb_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void arena_pb_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

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

static double with_arena(struct arena *arena)
{
    ProtobufCAllocator allocator = {arena_pb_alloc, arena_pb_free, arena};
    double before = cpu_ns();
    for (int i = 0; i < MESSAGES; i++) {
        arena_reset(arena);
        if (!kith__v1__member__unpack(&allocator, packed_len, packed))
            abort();
    }
    return (cpu_ns() - before) / MESSAGES;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    double malloc_ns[ROUNDS], arena_ns[ROUNDS], ratio[ROUNDS];
    struct arena arena;
    arena_init(&arena, ARENA_LIMIT);
    pack_sample();
    for (int i = 0; i < ROUNDS; i++) {
        malloc_ns[i] = with_malloc();
        arena_ns[i] = with_arena(&arena);
        ratio[i] = arena_ns[i] / malloc_ns[i];
    }
    qsort(malloc_ns, ROUNDS, sizeof(double), compare);
    qsort(arena_ns, ROUNDS, sizeof(double), compare);
    qsort(ratio, ROUNDS, sizeof(double), compare);
    (void)printf("unpack bytes=%zu rate=%.0f arena_ns=%.0f malloc_ns=%.0f ratio=%.2f\n", packed_len,
        1e9 / arena_ns[ROUNDS / 2], arena_ns[ROUNDS / 2], malloc_ns[ROUNDS / 2], ratio[ROUNDS / 2]);
    arena_fini(&arena);
    return 0;
}
