/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tokens: where a list goes on, opaque to clients and bound to the list they came from.
 *
 * A token is no secret and grants nothing (ownership is in every statement); its checksum catches
 * tokens cut, invented, or used with another filter.
 */
#pragma once

#include "ids/ids.h"

#include <stdbool.h>
#include <stddef.h>

enum { PAGE_KEY_SIZE = 208, PAGE_TOKEN_SIZE = 400 };

/* The last entry of a page: its sort key and its id. */
struct page_position {
    char key[PAGE_KEY_SIZE];
    struct id id;
};

/* `list` names method, caller and filter; a token fits no other list. */
void page_token_format(
    const char *list, const struct page_position *position, char out[PAGE_TOKEN_SIZE]);
bool page_token_parse(const char *list, const char *token, struct page_position *out);
