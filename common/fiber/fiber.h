/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fiber: a function with a stack of its own that can pause in the middle and be resumed later, so
 * that code which reads from top to bottom can wait side by side with other code of one thread.
 *
 * A fiber stays on the thread that made it. It must not hold a lock while it pauses.
 */
#pragma once

struct fiber;

/* Must not return: when it has nothing to do it pauses. */
typedef void fiber_fn(void *arg);

/* `fn(arg)` begins with the first fiber_resume(). NULL without memory. */
struct fiber *fiber_new(fiber_fn *fn, void *arg);

/* What it had on its stack is forgotten, wherever it paused. NULL is fine. */
void fiber_free(struct fiber *f);

/* Run it until it pauses. Not from within a fiber. */
void fiber_resume(struct fiber *f);

/* Within it: back to who resumed it. */
void fiber_pause(struct fiber *f);
