/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/bank.h"
#include "domain/language.h"
#include "sample.h"
#include "unit_test.h"

static struct wordnet_map map;

static const char *language(const struct wordnet *wordnet, const char *text)
{
    struct text_analyser *analyser = text_analyser_new();
    struct text_words words;
    struct arena arena;
    struct err err;

    arena_init(&arena, 1 << 20);
    assert_ok(text_split(analyser, text, &arena, &words, &err), &err);
    const char *answer = language_of(wordnet, &words);
    text_analyser_free(analyser);
    arena_fini(&arena);
    return answer;
}

static bool is_english(const struct wordnet *wordnet, const char *text)
{
    return language(wordnet, text) == NULL;
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

static void the_language_is_named(void **state)
{
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"Wer kennt einen guten Zahnarzt?", "German"},
        {"Welche Taucherbrille soll ich nehmen?", "German"},
        {"Kann mir jemand beim Umzug helfen?", "German"},
        {"Qui connaît un bon plombier dans le quartier?", "French"},
        {"¿Quién puede ayudarme con los impuestos?", "Spanish"},
        {"Chi conosce un buon idraulico per la mia casa?", "Italian"},
        {"Quem conhece um bom dentista para a minha filha?", "Portuguese"},
        {"Wie kent een goede tandarts voor mijn dochter?", "Dutch"},
        {"Кто знает хорошего врача для ребёнка?", "another language"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(language(map.wordnet, cases[i].text), cases[i].name);
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
        cmocka_unit_test(the_language_is_named),
        cmocka_unit_test(what_can_not_be_judged_counts_as_english),
    };

    sample_open_wordnet(&map);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wordnet_map_close(&map);
    return failed;
}
