/* SPDX-License-Identifier: Apache-2.0 */
/* Its longjmp() refuses to go to another stack. */
#undef _FORTIFY_SOURCE

#include "fiber/fiber.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define WITH_ASAN 1
#else
#define WITH_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define WITH_TSAN 1
#else
#define WITH_TSAN 0
#endif

/* Address space; the system gives memory to the pages used. The lowest one catches overflows. */
enum { STACK_SIZE = (WITH_ASAN || WITH_TSAN ? 1024 : 256) * 1024, GUARD_SIZE = 4096 };

/*
 * Where one can go on, and what the sanitizers want to know of it. swapcontext() is how it is meant
 * to be done, and what the sanitizers understand; but it saves the mask of signals, by a system
 * call each time. Once a fiber has begun, setjmp() and longjmp() do the same without.
 */
struct side {
    bool has_begun;
    jmp_buf jump;
    ucontext_t context;
    void *fake_stack;
    const void *bottom;
    size_t size;
    void *tsan;
};

struct fiber {
    struct side own;
    struct side resumer;
    char *memory;
    fiber_fn *fn;
    void *arg;
};

/* ---- telling the sanitizers ------------------------------------------------------------------ */

static void announce(struct side *from, const struct side *to)
{
#if WITH_ASAN
    __sanitizer_start_switch_fiber(&from->fake_stack, to->bottom, to->size);
#endif
#if WITH_TSAN
    from->tsan = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->tsan, 0);
#endif
    (void)from;
    (void)to;
}

static void arrive(struct side *at, struct side *from)
{
#if WITH_ASAN
    __sanitizer_finish_switch_fiber(at->fake_stack, &from->bottom, &from->size);
#endif
    (void)at;
    (void)from;
}

/* ---- switching ------------------------------------------------------------------------------- */

static void jump_to(struct side *from, struct side *to)
{
    if (WITH_ASAN || WITH_TSAN) {
        (void)swapcontext(&from->context, &to->context);
        return;
    }
    if (_setjmp(from->jump) != 0)
        return;
    if (to->has_begun)
        _longjmp(to->jump, 1);
    to->has_begun = true;
    (void)setcontext(&to->context);
}

static void switch_to(struct side *from, struct side *to)
{
    announce(from, to);
    jump_to(from, to);
    arrive(from, to);
}

/* Whom the thread resumed last: makecontext() passes no pointers. */
static _Thread_local struct fiber *resumed;

static void begin(void)
{
    struct fiber *f = resumed;
    arrive(&f->own, &f->resumer);
    f->fn(f->arg);
    abort();
}

void fiber_resume(struct fiber *f)
{
    resumed = f;
    switch_to(&f->resumer, &f->own);
}

void fiber_pause(struct fiber *f)
{
    switch_to(&f->own, &f->resumer);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void prepare(struct fiber *f)
{
    (void)getcontext(&f->own.context);
    f->own.context.uc_stack.ss_sp = f->memory + GUARD_SIZE;
    f->own.context.uc_stack.ss_size = STACK_SIZE;
    f->own.bottom = f->memory + GUARD_SIZE;
    f->own.size = STACK_SIZE;
#if WITH_TSAN
    f->own.tsan = __tsan_create_fiber(0);
#endif
    makecontext(&f->own.context, begin, 0);
}

struct fiber *fiber_new(fiber_fn *fn, void *arg)
{
    struct fiber *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    *f = (struct fiber){.fn = fn, .arg = arg, .resumer.has_begun = true};
    f->memory = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (f->memory == MAP_FAILED) {
        free(f);
        return NULL;
    }
    (void)mprotect(f->memory, GUARD_SIZE, PROT_NONE);
    prepare(f);
    return f;
}

void fiber_free(struct fiber *f)
{
    if (!f)
        return;
#if WITH_TSAN
    __tsan_destroy_fiber(f->own.tsan);
#endif
    (void)munmap(f->memory, GUARD_SIZE + STACK_SIZE);
    free(f);
}
