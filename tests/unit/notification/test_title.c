/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/title.h"
#include "unit_test.h"

#include <string.h>

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void a_title_says_who_does_what_about_which_question(void **state)
{
    (void)state;
    assert_string_equal(title_write(&arena, NOTICE_ASK_RECEIVED, "Ana Costa", "Which mask?"),
        "Ana Costa asks you: Which mask?");
    assert_string_equal(title_write(&arena, NOTICE_ASK_ANSWERED, "Ana Costa", "Which mask?"),
        "Ana Costa answered your question: Which mask?");
    assert_string_equal(title_write(&arena, NOTICE_ASK_PASSED, "Ana Costa", "Which mask?"),
        "Ana Costa can not answer your question: Which mask?");
    assert_string_equal(title_write(&arena, NOTICE_INVITATION_RECEIVED, "Ana Costa", NULL),
        "Ana Costa invites you to connect");
    assert_string_equal(title_write(&arena, NOTICE_INVITATION_ACCEPTED, "Ana Costa", NULL),
        "Ana Costa accepted your invitation");
}

static void what_is_not_known_is_not_made_up(void **state)
{
    (void)state;
    assert_string_equal(
        title_write(&arena, NOTICE_ASK_RECEIVED, NULL, "Why?"), "Somebody asks you: Why?");
    assert_string_equal(
        title_write(&arena, NOTICE_ASK_ANSWERED, "Ana", NULL), "Ana answered your question");
    assert_string_equal(
        title_write(&arena, NOTICE_ASK_ANSWERED, "Ana", ""), "Ana answered your question");
}

static void a_question_of_many_lines_becomes_one(void **state)
{
    (void)state;
    assert_string_equal(
        title_write(&arena, NOTICE_ASK_RECEIVED, "Ana", "One\n\ttwo"), "Ana asks you: One  two");
}

static void a_long_question_is_cut_between_characters(void **state)
{
    (void)state;
    char question[400] = "x";
    for (size_t i = 0; i < 120; i++) /* two bytes each: the limit falls into the middle of one */
        memcpy(&question[1 + 2 * i], "é", 2);
    const char *title = title_write(&arena, NOTICE_ASK_RECEIVED, "A", question);
    const char *cut = strchr(title, 'x');
    assert_int_equal(strlen(cut), TITLE_QUESTION_BYTES - 1 + strlen("…"));
    assert_string_equal(cut + TITLE_QUESTION_BYTES - 3, "é…");
}

static void a_question_of_exactly_the_limit_is_whole(void **state)
{
    (void)state;
    char question[TITLE_QUESTION_BYTES + 1];
    memset(question, 'q', TITLE_QUESTION_BYTES);
    question[TITLE_QUESTION_BYTES] = '\0';
    const char *title = title_write(&arena, NOTICE_ASK_RECEIVED, "A", question);
    assert_string_equal(strchr(title, 'q'), question);
}

static void a_full_arena_gives_no_title(void **state)
{
    (void)state;
    struct arena tiny;
    arena_init(&tiny, 8);
    assert_null(title_write(&tiny, NOTICE_ASK_RECEIVED, "Ana Costa", "Which mask?"));
    assert_null(title_write(&tiny, NOTICE_INVITATION_RECEIVED, "Ana Costa", NULL));
    arena_fini(&tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_title_says_who_does_what_about_which_question),
        cmocka_unit_test(what_is_not_known_is_not_made_up),
        cmocka_unit_test(a_question_of_many_lines_becomes_one),
        cmocka_unit_test(a_long_question_is_cut_between_characters),
        cmocka_unit_test(a_question_of_exactly_the_limit_is_whole),
        cmocka_unit_test(a_full_arena_gives_no_title),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
