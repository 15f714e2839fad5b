/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings WordNet's files into memory for the domain, which knows no files: maps them read-only,
 * so that several processes share one copy.
 */
#pragma once

#include "domain/wordnet.h"

#define WORDNET_MAP_DEFAULT_DIR "/usr/share/wordnet"

struct wordnet_map {
    struct wordnet_files files;
    struct wordnet *wordnet; /* NULL: not open */
};

/* CONFIG_INVALID names the file that is missing or broken, and the remedy. */
MUST_USE enum err_code wordnet_map_open(struct wordnet_map *map, const char *dir, struct err *err);

/* A zeroed one is fine. */
void wordnet_map_close(struct wordnet_map *map);
