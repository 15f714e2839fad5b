/* SPDX-License-Identifier: Apache-2.0 */
#include "time_zones.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *name, const void *element)
{
    return strcmp(name, *(const char *const *)element);
}

bool time_zones_has(const struct time_zones *zones, const char *name)
{
    return zones->n > 0 &&
           bsearch(name, zones->names, zones->n, sizeof *zones->names, compare) != NULL;
}
