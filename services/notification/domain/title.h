/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Title: the one line a notification is to its reader.
 */
#pragma once

#include "arena/arena.h"

enum notice_kind {
    NOTICE_ASK_RECEIVED = 1, /* numbers are those of enum NotificationKind, and stored */
    NOTICE_ASK_ANSWERED = 2,
    NOTICE_ASK_PASSED = 3,
    NOTICE_INVITATION_RECEIVED = 4,
    NOTICE_INVITATION_ACCEPTED = 5,
};

enum { TITLE_QUESTION_BYTES = 160 }; /* a longer question is cut, with an ellipsis */

/*
 * "Ana Costa asks you: Which snorkeling mask …?" `actor` NULL: somebody whose name is not known;
 * `question` NULL: not known, or none. Line breaks become spaces. In `arena`; NULL if it is full.
 */
char *title_write(
    struct arena *arena, enum notice_kind kind, const char *actor, const char *question);
