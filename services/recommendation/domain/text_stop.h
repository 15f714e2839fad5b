/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that carry no topic. Stateless.
 */
#pragma once

#include <stdbool.h>

/* Function words of English, and what every question says: "recommend", "best", "anybody". */
bool text_is_stop(const char *word);

/* Says a rank or a legal form, not a field: "senior", "director", "ltd". Of titles and employers.
 */
bool text_is_role(const char *word);
