/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/title.h"

#include <string.h>

static const char *const verbs[] = {
    [NOTICE_ASK_RECEIVED] = "asks you",
    [NOTICE_ASK_ANSWERED] = "answered your question",
    [NOTICE_ASK_PASSED] = "can not answer your question",
    [NOTICE_INVITATION_RECEIVED] = "invites you to connect",
    [NOTICE_INVITATION_ACCEPTED] = "accepted your invitation",
};

/* The longest prefix of at most `max` bytes that does not cut a UTF-8 character. */
static size_t prefix_length(const char *s, size_t max)
{
    size_t len = strnlen(s, max + 1);
    if (len <= max)
        return len;
    len = max;
    while (len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80)
        len--;
    return len;
}

static char *one_line(struct arena *arena, const char *text)
{
    size_t len = prefix_length(text, TITLE_QUESTION_BYTES);
    const char *end = text[len] == '\0' ? "" : "…";
    char *line = arena_printf(arena, "%.*s%s", (int)len, text, end);
    for (char *c = line; c && *c; c++) {
        if ((unsigned char)*c < ' ')
            *c = ' ';
    }
    return line;
}

char *title_write(
    struct arena *arena, enum notice_kind kind, const char *actor, const char *question)
{
    const char *who = actor ? actor : "Somebody";
    if (!question || question[0] == '\0')
        return arena_printf(arena, "%s %s", who, verbs[kind]);
    char *line = one_line(arena, question);
    return line ? arena_printf(arena, "%s %s: %s", who, verbs[kind], line) : NULL;
}
