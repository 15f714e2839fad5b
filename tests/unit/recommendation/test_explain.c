/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/explain.h"
#include "domain/route.h"
#include "sample.h"
#include "unit_test.h"

#include <string.h>

static struct wordnet_map map;
static struct arena arena;

static const char *note(const char *word, bool is_known)
{
    const struct term term = {.lemma = word, .shown = word, .is_known = is_known};
    return explain_term(map.wordnet, &term, &arena);
}

static void a_word_is_taken_for_what_its_usual_sense_is(void **state)
{
    (void)state;
    assert_string_equal(
        note("snorkeling", true), "\"snorkeling\" is taken for a kind of skin diving");
}

/* An anticipation is a fever too, but seldom what a parent asks about. */
static void a_rarer_sense_does_not_explain_a_word(void **state)
{
    (void)state;
    assert_null(strstr(note("fever", true), "anticipation"));
    assert_null(strstr(note("trip", true), "mishap"));
}

static void a_word_no_dictionary_knows_is_named(void **state)
{
    (void)state;
    assert_non_null(strstr(note("kubectl", false), "in no dictionary"));
}

int main(void)
{
    sample_open_wordnet(&map);
    arena_init(&arena, 16 * 1024 * 1024);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_taken_for_what_its_usual_sense_is),
        cmocka_unit_test(a_rarer_sense_does_not_explain_a_word),
        cmocka_unit_test(a_word_no_dictionary_knows_is_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    wordnet_map_close(&map);
    return failed;
}
