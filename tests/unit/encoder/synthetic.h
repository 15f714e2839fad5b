/* SPDX-License-Identifier: Apache-2.0 */
/* A tiny model with invented weights, packed by the converter's own writer. */
#pragma once

#include "source.h"

struct synthetic {
    struct source source;
    void *bytes;
    size_t size;
    float *floats; /* all weights */
};

/* The same each time. Ends the program when there is no memory. */
void synthetic_init(struct synthetic *model);
void synthetic_fini(struct synthetic *model);
