/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/nearest.h"
#include "unit_test.h"

#include <string.h>

static const char *nearest_command(const char *typed)
{
    static const char *const commands[] = {"ask", "asks", "answer", "contacts", "contact show",
        "invite", "invitations", "inbox", "import linkedin"};
    struct nearest n = nearest_to(typed);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        nearest_consider(&n, commands[i]);
    return n.word == NULL ? "" : n.word;
}

static void a_slip_of_the_finger_finds_the_word(void **state)
{
    (void)state;
    assert_string_equal(nearest_command("contcats"), "contacts");
    assert_string_equal(nearest_command("anwser"), "answer");
    assert_string_equal(nearest_command("inivte"), "invite");
    assert_string_equal(nearest_command("import linkdin"), "import linkedin");
}

static void case_does_not_matter(void **state)
{
    (void)state;
    assert_string_equal(nearest_command("INBOX"), "inbox");
}

static void the_closest_of_two_wins(void **state)
{
    (void)state;
    assert_string_equal(nearest_command("asks"), "asks");
    assert_string_equal(nearest_command("as"), "ask");
}

static void an_unrelated_word_finds_nothing(void **state)
{
    (void)state;
    assert_string_equal(nearest_command("frobnicate"), "");
    assert_string_equal(nearest_command(""), "");
}

static void a_word_over_the_limit_finds_nothing(void **state)
{
    (void)state;
    char typed[200];
    memset(typed, 'a', sizeof(typed) - 1);
    typed[sizeof(typed) - 1] = '\0';
    assert_string_equal(nearest_command(typed), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_of_the_finger_finds_the_word),
        cmocka_unit_test(case_does_not_matter),
        cmocka_unit_test(the_closest_of_two_wins),
        cmocka_unit_test(an_unrelated_word_finds_nothing),
        cmocka_unit_test(a_word_over_the_limit_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
