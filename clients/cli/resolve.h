/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolve: what people type for a contact, an ask, a token or an invitation — an id, the beginning
 * or end of one, a name, "last" — to its id. NULL after saying why not; cli->status is set then.
 */
#pragma once

#include "cli.h"

const char *resolve_contact(struct cli *cli, const char *typed);

/* The newest of all, or the newest that waits for an answer of the caller. */
enum resolve_scope { RESOLVE_ANY_ASK, RESOLVE_ASK_TO_ME };
const char *resolve_ask(struct cli *cli, const char *typed, enum resolve_scope scope);

/* One of the caller's tokens that opens something yet: by its label, too. */
const char *resolve_token(struct cli *cli, const char *typed);

const char *resolve_import(struct cli *cli, const char *typed);

/* An invitation received (by its id) or a code: one of the two is set. False: see above. */
bool resolve_invitation(struct cli *cli, const char *typed, const char **id, const char **code);

/* ---- the rules, apart from any service ---- */

bool resolve_is_id(const char *typed);
/* 8 or more hex digits (and hyphens), perhaps after an ellipsis: a piece of an id. */
bool resolve_is_piece(const char *typed);
/* 16 letters and digits, hyphens aside: the code of an invitation, perhaps mistyped. */
bool resolve_is_code(const char *typed);
/* Does the id begin or end with the piece? */
bool resolve_fits(const char *id, const char *piece);
/* Does the name contain what was typed, case and accents aside? 2: it is the whole name. */
int resolve_name_fits(const char *name, const char *typed);
