/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/bank.h"
#include "domain/language.h"
#include "sample.h"
#include "unit_test.h"

static struct wordnet_map map;

static bool is_english(const struct wordnet *wordnet, const char *text)
{
    struct text_analyser *analyser = text_analyser_new();
    struct text_words words;
    struct arena arena;
    struct err err;

    arena_init(&arena, 1 << 20);
    assert_ok(text_split(analyser, text, &arena, &words, &err), &err);
    bool answer = language_is_english(wordnet, &words);
    text_analyser_free(analyser);
    arena_fini(&arena);
    return answer;
}

static void english_questions_are_english(void **state)
{
    (void)state;
    assert_true(is_english(map.wordnet, "Which snorkeling mask and fins should I take to Hawaii?"));
    assert_true(is_english(map.wordnet, "My sourdough never rises."));
    assert_true(is_english(map.wordnet, "Who has met Szymon Wiśniewski of Żywiec in person?"));
    assert_true(is_english(map.wordnet, "cheap plumber Brooklyn weekend emergency"));
    assert_true(is_english(map.wordnet, "How do I move 300 GB to a new disk?"));
}

static void every_question_of_the_bank_is_english(void **state)
{
    (void)state;
    for (size_t i = 0; i < bank_count(); i++)
        assert_true(is_english(map.wordnet, bank_question(i)));
}

static void other_languages_are_not(void **state)
{
    (void)state;
    assert_false(is_english(map.wordnet, "Welche Taucherbrille soll ich für Hawaii nehmen?"));
    assert_false(
        is_english(map.wordnet, "Quel masque de plongée dois-je choisir pour les vacances?"));
    assert_false(is_english(map.wordnet, "¿Quién puede ayudarme con la declaración de impuestos?"));
    assert_false(is_english(map.wordnet, "Кто знает хорошего врача для ребёнка?"));
}

static void what_can_not_be_judged_counts_as_english(void **state)
{
    (void)state;
    assert_true(is_english(map.wordnet, "kubernetes etcd quorum"));
    assert_true(is_english(map.wordnet, ""));
    assert_true(is_english(NULL, "Welche Taucherbrille soll ich für Hawaii nehmen?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_questions_are_english),
        cmocka_unit_test(every_question_of_the_bank_is_english),
        cmocka_unit_test(other_languages_are_not),
        cmocka_unit_test(what_can_not_be_judged_counts_as_english),
    };

    sample_open_wordnet(&map);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wordnet_map_close(&map);
    return failed;
}
