/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two members who do not know each other, new for each test.
 */
#pragma once

#include "world.h"

extern struct person ana, bo;

/* cmocka set-up and tear-down. */
int meet(void **state);
int part(void **state);
