/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option: one row of the table, by name and by value. Private to common/config.
 */
#pragma once

#include "config/config.h"

enum { OPTION_NAME_SIZE = 80 };

/* The option with this name, or NULL. */
const struct config_option *option_find(const struct config_spec *spec, const char *name);

/* The secret whose twin "<name>-file" is called so, or NULL. */
const struct config_option *option_find_twin(const struct config_spec *spec, const char *name);

/* The name with the fewest edits to `name`, at most `max_edits`; NULL if all are further. */
const char *option_nearest(const struct config_spec *spec, const char *name, size_t max_edits);

/* "KITH_DATABASE_HOST" for "database-host". */
void option_env_name(const struct config_option *option, char out[OPTION_NAME_SIZE]);

/* Convert and put in place. `where` begins the message of an error. `text` must outlive `values`.
 */
MUST_USE enum err_code option_store(const struct config_option *option, const char *text,
    const char *where, void *values, struct err *err);

/* "", 0 or false. */
void option_clear(const struct config_option *option, void *values);
