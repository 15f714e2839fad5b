/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libFuzzer and replay.c call. Returns 0; aborts when a promise is broken.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The name is libFuzzer's. NOLINTNEXTLINE(readability-identifier-naming) */
__attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
