/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmocka with the headers it wants before it, which sorting would put after it.
 */
#pragma once

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

/* Success, or a failed test that shows the error's message. */
#define assert_ok(code, err)                                                      \
    do {                                                                          \
        if ((code) != 0)                                                          \
            fail_msg("%s: %s", err_reason_info((err)->reason)->name, (err)->msg); \
    } while (0)
