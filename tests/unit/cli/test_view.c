/* SPDX-License-Identifier: Apache-2.0 */
#include "unit_test.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ELLIPSIS "\xE2\x80\xA6"
#define REPLACED "\xEF\xBF\xBD"

static int set_up(void **state)
{
    static struct cli cli;
    cli = (struct cli){.bold = "", .dim = "", .plain = ""};
    arena_init(&cli.arena, 4 << 20);
    *state = &cli;
    return 0;
}

static int tear_down(void **state)
{
    struct cli *cli = *state;
    arena_fini(&cli->arena);
    return 0;
}

static void a_name_cannot_command_the_terminal(void **state)
{
    assert_string_equal(view_clean(*state, "a\x1b[2Jb\x07", false), "a" REPLACED "[2Jb" REPLACED);
    assert_string_equal(view_clean(*state, "x\xC2\x9Bm", false), "x" REPLACED "m");
    assert_string_equal(view_clean(*state, "x\xE2\x80\xAEy", false), "x" REPLACED "y");
    assert_string_equal(view_clean(*state, "\xFF\xC3", false), REPLACED REPLACED);
}

static void lines_are_kept_only_where_wanted(void **state)
{
    assert_string_equal(view_clean(*state, "a\nb\tc", false), "a b c");
    assert_string_equal(view_clean(*state, "a\nb", true), "a\nb");
}

static void width_counts_cells(void **state)
{
    (void)state;
    assert_int_equal(view_width("abc"), 3);
    assert_int_equal(view_width("Tom\xC3\xA1s"), 5);
    assert_int_equal(view_width("e\xCC\x81"), 1);
    assert_int_equal(view_width("\xE6\x9E\x97\xE6\x95\x8F"), 4);
}

static void times_are_told_as_people_do(void **state)
{
    int64_t now = (int64_t)time(NULL) * 1000000;
    const int64_t minute = 60000000;
    assert_string_equal(view_ago(*state, 0), "");
    assert_string_equal(view_ago(*state, now), "just now");
    assert_string_equal(view_ago(*state, now - 2 * minute - 5000000), "2 min ago");
    assert_string_equal(view_ago(*state, now - 3 * 60 * minute - minute), "3 h ago");
    assert_string_equal(view_ago(*state, now - 30 * 60 * minute), "yesterday");
    assert_string_equal(view_ago(*state, now - 5 * 24 * 60 * minute - minute), "5 days ago");
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    assert_string_equal(view_ago(*state, 1000000000000000), "9 Sep 2001");
    assert_string_equal(view_until(*state, now + 30 * 24 * 60 * minute + minute), "in 30 days");
    assert_string_equal(view_until(*state, now - minute), "over");
}

static void the_end_of_an_id_names_it(void **state)
{
    assert_string_equal(
        view_id(*state, "01a2066e-dcc1-7178-b87b-4f57f7d4250c"), ELLIPSIS "f7d4250c");
}

static void enums_read_as_words(void **state)
{
    json_t *json = json_pack("{s:s}", "state", "INVITATION_STATE_PENDING");
    assert_string_equal(view_enum(*state, json, "state", "INVITATION_STATE_"), "pending");
    json_decref(json);
}

static void integers_are_read_in_either_form(void **state)
{
    (void)state;
    json_t *json = json_pack("{s:s,s:i}", "big", "9007199254740993", "small", 7);
    assert_int_equal(view_int(json, "big"), 9007199254740993);
    assert_int_equal(view_int(json, "small"), 7);
    assert_int_equal(view_int(json, "absent"), 0);
    json_decref(json);
}

/* What a table prints goes to standard output: catch it in a file. */
static char *printed(struct cli *cli, const char *first, const char *second)
{
    static const struct view_column columns[] = {{"name", VIEW_PLAIN, false, true},
        {"n", VIEW_PLAIN, true, false}, {"", VIEW_PLAIN, false, false}};
    static char text[1024];
    struct view_table table = view_table(cli, columns, 3);
    const char *const rows[][3] = {{first, "7", "x"}, {second, "12", ""}};
    view_row(&table, rows[0]);
    view_row(&table, rows[1]);
    (void)fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    FILE *file = tmpfile();
    assert_int_equal(dup2(fileno(file), STDOUT_FILENO), STDOUT_FILENO);
    view_print(&table);
    (void)fflush(stdout);
    assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
    (void)close(kept);
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

static void columns_align_by_cells(void **state)
{
    assert_string_equal(printed(*state, "\xE6\x9E\x97\xE6\x95\x8F", "Al"),
        "name   n\n\xE6\x9E\x97\xE6\x95\x8F   7  x\nAl    12\n");
}

static void a_narrow_terminal_cuts_what_may_be_cut(void **state)
{
    struct cli *cli = *state;
    cli->columns = 17;
    assert_string_equal(printed(cli, "Bartholomew Longname", "Al"),
        "name         n\nBartholom" ELLIPSIS "   7  x\nAl          12\n");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_name_cannot_command_the_terminal),
        TEST(lines_are_kept_only_where_wanted),
        TEST(width_counts_cells),
        TEST(times_are_told_as_people_do),
        TEST(the_end_of_an_id_names_it),
        TEST(enums_read_as_words),
        TEST(integers_are_read_in_either_form),
        TEST(columns_align_by_cells),
        TEST(a_narrow_terminal_cuts_what_may_be_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
