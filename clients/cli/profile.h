/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile: a named identity kept on this machine: token and addresses. One file per profile,
 * readable by its owner alone, in $KITH_PROFILES, else $XDG_CONFIG_HOME/kith (~/.config/kith).
 */
#pragma once

#include "arena/arena.h"

#include <stdbool.h>

enum { PROFILE_NAME_MAX = 64 };

struct profile {
    const char *name;
    bool is_default;               /* nobody named one */
    bool is_kept;                  /* there is a file of it */
    const char *token;             /* NULL: none */
    const char *contact_endpoints; /* NULL: the library's defaults */
    const char *recommendation_endpoints;
    const char *notification_endpoints;
    const char *tls_ca; /* paths; NULL: the environment's, or none */
    const char *tls_certificate;
    const char *tls_key;
};

/* Letters, digits, '.', '_' and '-', not beginning with a dot. */
bool profile_is_name(const char *name);

/* Read what is stored; a profile that does not exist is empty. */
MUST_USE enum err_code profile_load(
    struct profile *profile, const char *name, struct arena *arena, struct err *err);

/* Store it, replacing what was there in one step. */
MUST_USE enum err_code profile_save(
    const struct profile *profile, struct arena *arena, struct err *err);

/* "dana, jonas, mira": those kept here, the first ten. "" where there is none. */
const char *profile_names(struct arena *arena);

/* True if there was one. */
bool profile_remove(const char *name, struct arena *arena);

/* The folder they are in. NULL: no HOME. */
const char *profile_folder(struct arena *arena);

/* First line of a file ("-": standard input) without blanks around it. */
MUST_USE enum err_code profile_read_secret(
    const char *path, const char **out, struct arena *arena, struct err *err);
