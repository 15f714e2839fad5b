/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/terms.h"
#include "domain/text.h"
#include "domain/text_stop.h"
#include "unit_test.h"

#include <string.h>

static struct arena arena;
static struct text_analyser *analyser;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 4 * 1024 * 1024);
    analyser = text_analyser_new();
    return analyser ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    text_analyser_free(analyser);
    arena_fini(&arena);
    return 0;
}

static struct text_words split(const char *text)
{
    struct text_words words = {NULL, 0};
    struct err err = {0};
    assert_int_equal(text_split(analyser, text, &arena, &words, &err), ERR_OK);
    return words;
}

/* The words of the text, joined by blanks. */
static const char *words_of(const char *text)
{
    struct text_words words = split(text);
    const char *joined = "";
    for (size_t i = 0; i < words.n; i++)
        joined = arena_printf(&arena, "%s%s%s", joined, i ? " " : "", words.items[i].word);
    return joined;
}

static void words_are_folded_and_cut(void **state)
{
    (void)state;
    assert_string_equal(
        words_of("Head Swim-Coach, Blue/Marlin (Club)!"), "head swim coach blue marlin club");
    assert_string_equal(words_of("STRASSE Straße"), "strasse strasse");
    assert_string_equal(words_of("\xEF\xAC\x81lm"), "film"); /* the ligature fi */
    assert_string_equal(words_of("Mira's dog doesn't bite"), "mira dog doesn bite");
    assert_string_equal(words_of("Mira\xE2\x80\x99s C++ and C# code"), "mira c++ and c# code");
    assert_string_equal(words_of(""), "");
}

static void bytes_that_are_no_utf8_separate_words(void **state)
{
    (void)state;
    assert_string_equal(words_of("snor\xFFkel \xC3"), "snor kel");
}

static void overlong_words_are_left_out(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'x', sizeof(text));
    memcpy(text + sizeof(text) - 6, " swim", 6);
    assert_string_equal(words_of(text), "swim");
}

static void inflections_share_a_stem(void **state)
{
    (void)state;
    struct text_words words = split("swimming swims snorkeling snorkel");
    assert_string_equal(words.items[0].stem, "swim");
    assert_string_equal(words.items[1].stem, "swim");
    assert_string_equal(words.items[2].stem, words.items[3].stem);
}

static void a_text_over_the_arena_is_refused(void **state)
{
    (void)state;
    struct arena small;
    arena_init(&small, 512);
    struct text_words words;
    struct err err = {0};
    char text[400];
    memset(text, 'a', sizeof(text));
    for (size_t i = 1; i < sizeof(text); i += 2)
        text[i] = ' ';
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(text_split(analyser, text, &small, &words, &err), ERR_RESOURCE_EXHAUSTED);
    arena_fini(&small);
}

static void lists_of_dropped_words_are_searchable(void **state)
{
    (void)state;
    const char *const stops[] = {"a", "which", "should", "yourself", "recommend"};
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
        assert_true(text_is_stop(stops[i]));
    assert_false(text_is_stop("swim"));
    assert_true(text_is_role("ag"));
    assert_true(text_is_role("director"));
    assert_true(text_is_role("vp"));
    assert_false(text_is_role("coach"));
}

static void roles_are_dropped_where_asked(void **state)
{
    (void)state;
    struct terms terms;
    struct err err = {0};
    assert_int_equal(
        terms_of(analyser, NULL, "Senior Director of Swimming", true, &arena, &terms, &err),
        ERR_OK);
    assert_int_equal(terms.n, 1);
    assert_string_equal(terms.items[0].lemma, "swimming");
    assert_int_equal(
        terms_of(analyser, NULL, "Senior Director of Swimming", false, &arena, &terms, &err),
        ERR_OK);
    assert_int_equal(terms.n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded_and_cut),
        cmocka_unit_test(bytes_that_are_no_utf8_separate_words),
        cmocka_unit_test(overlong_words_are_left_out),
        cmocka_unit_test(inflections_share_a_stem),
        cmocka_unit_test(a_text_over_the_arena_is_refused),
        cmocka_unit_test(lists_of_dropped_words_are_searchable),
        cmocka_unit_test(roles_are_dropped_where_asked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
