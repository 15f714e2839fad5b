/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones: the names that members may give, as the database knew them when the service started;
 * to ask it for one takes it longer than all else a call does. Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct time_zones {
    const char **names; /* in order of their bytes */
    size_t n;
};

/* By its exact spelling, case included. */
bool time_zones_has(const struct time_zones *zones, const char *name);
