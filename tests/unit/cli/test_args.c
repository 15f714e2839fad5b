/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"
#include "unit_test.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 12 };

static int set_up(void **state)
{
    static struct cli cli;
    cli = (struct cli){.bold = "", .dim = "", .plain = ""};
    arena_init(&cli.arena, 1 << 20);
    *state = &cli;
    return 0;
}

static int tear_down(void **state)
{
    struct cli *cli = *state;
    arena_fini(&cli->arena);
    return 0;
}

/* A command line, split at blanks. */
static enum status parse(struct cli *cli, const char *line)
{
    char *words[MAX_WORDS];
    int n = 0;
    char *rest = arena_strdup(&cli->arena, line);
    while (n < MAX_WORDS && rest != NULL)
        words[n++] = strsep(&rest, " ");
    cli->n_given = 0;
    cli->n_operands = 0;
    cli->command = NULL;
    return args_parse(cli, n, words);
}

static void a_command_of_two_words_is_one(void **state)
{
    struct cli *cli = *state;
    assert_int_equal(parse(cli, "kith fact add dana tag coach"), STATUS_OK);
    assert_string_equal(cli->command->name, "fact add");
    assert_int_equal(cli->n_operands, 3);
    assert_string_equal(cli_operand(cli, 0), "dana");
    assert_null(cli_operand(cli, 3));
    assert_string_equal(cli_operands_from(cli, 1), "tag coach");
}

static void options_may_stand_anywhere(void **state)
{
    struct cli *cli = *state;
    assert_int_equal(parse(cli, "kith --as dana asks --to-me --json"), STATUS_OK);
    assert_string_equal(cli->command->name, "asks");
    assert_string_equal(cli_option(cli, "as"), "dana");
    assert_true(cli_has(cli, "to-me"));
    assert_true(cli_has(cli, "json"));
    assert_false(cli_has(cli, "open"));
    assert_int_equal(cli->n_operands, 0);
}

static void values_may_follow_an_equals_sign_or_a_letter(void **state)
{
    struct cli *cli = *state;
    assert_int_equal(parse(cli, "kith ping --count=7"), STATUS_OK);
    assert_string_equal(cli_option(cli, "count"), "7");
    assert_int_equal(parse(cli, "kith ping -qc7"), STATUS_OK);
    assert_string_equal(cli_option(cli, "count"), "7");
    assert_true(cli_has(cli, "quiet"));
    assert_int_equal(parse(cli, "kith ping -c 7"), STATUS_OK);
    assert_string_equal(cli_option(cli, "count"), "7");
}

static void an_option_may_be_given_again(void **state)
{
    struct cli *cli = *state;
    assert_int_equal(
        parse(cli, "kith member add Dana d@example.org --fact city:Oslo --fact tag:x"), STATUS_OK);
    assert_string_equal(cli_option_at(cli, "fact", 0), "city:Oslo");
    assert_string_equal(cli_option_at(cli, "fact", 1), "tag:x");
    assert_null(cli_option_at(cli, "fact", 2));
}

static void after_two_dashes_all_are_operands(void **state)
{
    struct cli *cli = *state;
    assert_int_equal(parse(cli, "kith ask -- --to whom"), STATUS_OK);
    assert_string_equal(cli_operands_from(cli, 0), "--to whom");
    assert_int_equal(parse(cli, "kith import linkedin -"), STATUS_OK);
    assert_string_equal(cli_operand(cli, 0), "-");
}

static void what_is_wrong_is_a_usage_error(void **state)
{
    static const char *const lines[] = {"kith frobnicate", "kith fact", "kith asks --too-me",
        "kith asks --json=yes", "kith asks --as", "kith asks extra", "kith show", "kith asks -x"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (parse(*state, lines[i]) != STATUS_USAGE)
            fail_msg("%s was taken", lines[i]);
}

static void no_words_are_no_command(void **state)
{
    struct cli *cli = *state;
    assert_int_equal(parse(cli, "kith"), STATUS_OK);
    assert_null(cli->command);
}

static void help_needs_no_operands(void **state)
{
    assert_int_equal(parse(*state, "kith answer --help"), STATUS_OK);
}

static void every_command_is_documented(void **state)
{
    (void)state;
    for (const struct command *c = commands; c->name != NULL; c++) {
        assert_true(*c->group != '\0' && *c->summary != '\0');
        assert_true(c->run != NULL);
        assert_true(
            c->summary[strlen(c->summary) - 1] == '.' || c->summary[strlen(c->summary) - 1] == '?');
        assert_true(c->examples == NULL || strncmp(c->examples, "kith ", 5) == 0);
        for (const struct option_row *o = c->options; o != NULL && o->name != NULL; o++)
            for (const struct option_row *g = global_options; g->name != NULL; g++)
                if (strcmp(o->name, g->name) == 0 || (o->letter != 0 && o->letter == g->letter))
                    fail_msg("%s: --%s hides an option of every command", c->name, o->name);
    }
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_command_of_two_words_is_one),
        TEST(options_may_stand_anywhere),
        TEST(values_may_follow_an_equals_sign_or_a_letter),
        TEST(an_option_may_be_given_again),
        TEST(after_two_dashes_all_are_operands),
        TEST(what_is_wrong_is_a_usage_error),
        TEST(no_words_are_no_command),
        TEST(help_needs_no_operands),
        TEST(every_command_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
