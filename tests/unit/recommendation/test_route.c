/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/route.h"
#include "sample.h"
#include "unit_test.h"

#include <string.h>

static const char SNORKELING[] =
    "Which snorkeling mask and fins should I take on a trip to Hawaii?";
static const int64_t NOW_US = 1700000000000000;

static struct wordnet_map map;
static struct arena arena;

static int reset(void **state)
{
    (void)state;
    arena_reset(&arena);
    return 0;
}

static struct route_result ask_with(
    const struct router *router, const struct network *net, const char *question, uint32_t named)
{
    struct route_result result = {0};
    struct err err = {0};
    struct route_request request = {
        .question = question, .now_us = NOW_US, .max_candidates = 10, .named = named};
    assert_int_equal(route(router, net, &request, &arena, &result, &err), ERR_OK);
    return result;
}

static struct route_result ask(const struct network *net, const char *question)
{
    struct router router = {.wordnet = map.wordnet, .parameters = score_defaults};
    return ask_with(&router, net, question, UINT32_MAX);
}

/* The sample's number of the contact in this place. */
static uint32_t number(const struct route_result *r, size_t place)
{
    return place < r->n ? r->candidates[place].contact + 1 : 0;
}

static void the_swim_coach_is_asked_about_snorkeling(void **state)
{
    (void)state;
    struct network *net = sample_address_book(map.wordnet);
    assert_int_equal(net->n_contacts, 320);
    struct route_result r = ask(net, SNORKELING);
    assert_true(r.n_fit >= 1);
    const struct route_candidate *best = &r.candidates[0];
    assert_string_equal(best->evidence[0].text, "Head Swim Coach");
    assert_true(best->score.total > 1.5 * r.candidates[1].score.total);
    assert_true(best->inputs.signal[SCORE_WORDS] <= 0); /* no word is shared */
    const struct route_evidence *e = &best->evidence[0];
    assert_int_equal(e->signal, SCORE_WORDNET);
    assert_int_equal(e->kind, NETWORK_TITLE);
    assert_int_equal(e->n_path, 3);
    assert_string_equal(e->path[0], "snorkeling");
    assert_string_equal(e->path[1], "skin diving");
    assert_string_equal(e->path[2], "swimming");
    assert_string_equal(
        best->reason, "Head Swim Coach: snorkeling is a kind of skin diving, a kind of swimming");
    network_free(net);
}

static void without_wordnet_shared_words_still_route(void **state)
{
    (void)state;
    struct router router = {.wordnet = NULL, .parameters = score_defaults};
    struct network *net = sample_address_book(NULL);
    struct route_result r = ask_with(&router, net, SNORKELING, UINT32_MAX);
    assert_int_equal(r.n_fit, 0);
    r = ask_with(&router, net, "Who can teach my daughter swimming?", UINT32_MAX);
    assert_true(r.n_fit >= 1);
    assert_string_equal(r.candidates[0].evidence[0].text, "Head Swim Coach");
    assert_int_equal(r.candidates[0].evidence[0].signal, SCORE_WORDS);
    assert_true(r.n_notes > 0 && strstr(r.notes[0], "WordNet"));
    network_free(net);
}

static void rankings_follow_the_evidence(void **state)
{
    (void)state;
    static const struct sample_fact facts[] = {
        {1, NETWORK_TITLE, "Violinist"},
        {2, NETWORK_TITLE, "Tax Attorney"},
        {3, NETWORK_EXPERTISE, "sourdough baking"},
        {4, NETWORK_TITLE, "Veterinarian"},
        {5, NETWORK_INTEREST, "photography"},
        {6, NETWORK_TITLE, "Plumber"},
        {7, NETWORK_EXPERTISE, "real estate"},
        {8, NETWORK_EMPLOYER, "Northwind Logistics Ltd"},
        {0, NETWORK_UNSPECIFIED, NULL},
    };
    static const struct {
        const char *question;
        uint32_t best;
    } cases[] = {
        {"Which cello strings sound warm?", 1},
        {"Do I owe taxes on shares sold abroad?", 2},
        {"How long should bread rise before I bake it?", 3},
        {"What lens should my first camera have to photograph birds?", 5},
        {"Is real estate in Porto overpriced?", 7},
    };
    struct network *net = sample_network(map.wordnet, 8, facts);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route_result r = ask(net, cases[i].question);
        if (r.n_fit == 0 || number(&r, 0) != cases[i].best)
            fail_msg("%s went to %u", cases[i].question, number(&r, 0));
    }
    network_free(net);
}

static void nobody_fits_where_there_is_no_evidence(void **state)
{
    (void)state;
    struct network *net = sample_address_book(map.wordnet);
    assert_int_equal(ask(net, "How often should sheep be shorn?").n_fit, 0);
    assert_int_equal(ask(net, "xyzzy frobnicate").n, 0);
    assert_int_equal(ask(net, "Who should I ask?").n, 0);
    network_free(net);
    net = sample_network(map.wordnet, 0, &(const struct sample_fact){0});
    assert_int_equal(ask(net, SNORKELING).n, 0);
    network_free(net);
}

static void equal_candidates_come_in_order_of_id(void **state)
{
    (void)state;
    static const struct sample_fact facts[] = {
        {3, NETWORK_TITLE, "Swim Coach"},
        {1, NETWORK_TITLE, "Swim Coach"},
        {2, NETWORK_TITLE, "Swim Coach"},
        {0, NETWORK_UNSPECIFIED, NULL},
    };
    struct network *net = sample_network(map.wordnet, 3, facts);
    struct route_result r = ask(net, SNORKELING);
    assert_int_equal(r.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(number(&r, i), i + 1);
    network_free(net);
}

static void a_named_contact_is_judged_without_evidence(void **state)
{
    (void)state;
    struct router router = {.wordnet = map.wordnet, .parameters = score_defaults};
    static const struct sample_fact facts[] = {
        {1, NETWORK_TITLE, "Swim Coach"},
        {2, NETWORK_TITLE, "Accountant"},
        {0, NETWORK_UNSPECIFIED, NULL},
    };
    struct network *net = sample_network(map.wordnet, 2, facts);
    struct id second = sample_id(2);
    struct route_result r = ask_with(&router, net, SNORKELING, network_find(net, &second));
    assert_non_null(r.named);
    assert_false(r.named->is_fit);
    assert_int_equal(r.named->n_evidence, 0);
    assert_int_equal(r.named->contact, 1);
    network_free(net);
}

/* By words alone the floor is lower: a contact whose evidence waits for its meaning, after an
 * import, must not be taken for somebody who does not know. */
static void evidence_that_waits_for_its_meaning_is_judged_by_words(void **state)
{
    (void)state;
    static const struct sample_fact facts[] = {
        {1, NETWORK_TITLE, "Swim Coach"}, {0, NETWORK_UNSPECIFIED, NULL}};
    static const struct meaning alike_to_nothing;
    const struct meaning *evidence[1] = {NULL};
    const struct signal_meaning meaning = {.evidence = evidence};
    struct router router = {.wordnet = map.wordnet, .parameters = score_defaults};
    struct network *net = sample_network(map.wordnet, 1, facts);
    struct route_request request = {.question = SNORKELING,
        .meaning = &meaning,
        .now_us = NOW_US,
        .max_candidates = 3,
        .named = UINT32_MAX};
    struct route_result result = {0};
    struct err err = {0};
    assert_ok(route(&router, net, &request, &arena, &result, &err), &err);
    assert_int_equal(result.n_fit, 1);
    evidence[0] = &alike_to_nothing;
    assert_ok(route(&router, net, &request, &arena, &result, &err), &err);
    assert_int_equal(result.n, 1);
    assert_int_equal(result.n_fit, 0);
    network_free(net);
}

static void who_answered_a_like_question_is_found_again(void **state)
{
    (void)state;
    struct network_builder *b = network_builder_new(map.wordnet);
    for (uint32_t n = 3; n >= 1; n--)
        assert_true(network_add_contact(b, &(struct network_contact){.id = sample_id(n)}));
    struct id second = sample_id(2), third = sample_id(3);
    assert_true(network_add_answered(
        b, &second, "Where do I get a bicycle chain repaired in Oslo?", NOW_US));
    assert_true(network_add_answered(b, &third, "Which opera should I hear in Milan?", NOW_US));
    struct network *net = NULL;
    struct err err = {0};
    assert_int_equal(network_build(b, &net, &err), ERR_OK);
    network_builder_free(b);
    struct route_result r = ask(net, "My bicycle chain is broken, what now?");
    assert_true(r.n_fit >= 1);
    assert_int_equal(number(&r, 0), 2);
    assert_int_equal(r.candidates[0].evidence[0].signal, SCORE_PAST_ANSWER);
    assert_string_equal(
        r.candidates[0].evidence[0].text, "Where do I get a bicycle chain repaired in Oslo?");
    network_free(net);
}

static void of_two_who_answered_alike_the_later_one_is_asked(void **state)
{
    (void)state;
    static const int64_t year_us = (int64_t)365 * 24 * 3600 * 1000000;
    struct network_builder *b = network_builder_new(map.wordnet);
    for (uint32_t n = 1; n <= 2; n++)
        assert_true(network_add_contact(b, &(struct network_contact){.id = sample_id(n)}));
    struct id first = sample_id(1), second = sample_id(2), unknown = sample_id(9);
    assert_true(network_add_answered(b, &unknown, "Who repairs bicycles?", NOW_US));
    assert_true(network_add_answered(b, &first, "Who repairs a bicycle?", NOW_US - 3 * year_us));
    assert_true(network_add_answered(b, &second, "Bicycle repairs?", NOW_US - 2 * year_us));
    assert_true(network_add_answered(b, &second, "Bicycle repairs?", NOW_US - 5 * year_us));
    struct network *net = NULL;
    struct err err = {0};
    assert_int_equal(network_build(b, &net, &err), ERR_OK);
    network_builder_free(b);
    struct route_result r = ask(net, "Who repairs my bicycle?");
    assert_int_equal(r.n_fit, 2); /* even old answers, where there are no fresher ones */
    assert_int_equal(number(&r, 0), 2);
    assert_true(r.candidates[0].inputs.signal[SCORE_PAST_ANSWER] >
                r.candidates[1].inputs.signal[SCORE_PAST_ANSWER]);
    network_free(net);
}

/* No word is shared, but the vectors are the same. */
static void a_past_question_that_means_alike_votes_too(void **state)
{
    (void)state;
    static const struct sample_fact facts[] = {
        {1, NETWORK_ANSWERED, "Where do I get a bicycle repaired?"},
        {2, NETWORK_ANSWERED, "Which opera should I hear in Milan?"},
        {0, NETWORK_UNSPECIFIED, NULL}};
    static const struct meaning alike = {.vector = {.dim = {127}, .scale = 1.0F / 127}};
    static const struct meaning other = {.vector = {.dim = {0, 127}, .scale = 1.0F / 127}};
    const struct meaning *evidence[] = {&alike, &other};
    const struct signal_meaning meaning = {
        .question = {alike.vector, alike.vector, 0}, .evidence = evidence};
    struct router router = {.wordnet = map.wordnet, .parameters = score_defaults};
    struct network *net = sample_network(map.wordnet, 2, facts);
    struct route_request request = {.question = "My chain is broken, what now?",
        .meaning = &meaning,
        .now_us = NOW_US,
        .max_candidates = 3,
        .named = UINT32_MAX};
    struct route_result result = {0};
    struct err err = {0};
    assert_ok(route(&router, net, &request, &arena, &result, &err), &err);
    assert_int_equal(result.n_fit, 1);
    assert_int_equal(number(&result, 0), 1);
    assert_int_equal(result.candidates[0].evidence[0].signal, SCORE_PAST_ANSWER);
    network_free(net);
}

/* An encoder puts it somewhere all the same. */
static void a_question_of_few_known_words_means_nothing(void **state)
{
    (void)state;
    static const struct sample_fact facts[] = {
        {1, NETWORK_TITLE, "Swim Coach"}, {0, NETWORK_UNSPECIFIED, NULL}};
    static const struct meaning alike = {.vector = {.dim = {127}, .scale = 1.0F / 127}};
    const struct meaning *evidence[] = {&alike};
    const struct signal_meaning meaning = {
        .question = {alike.vector, alike.vector, 0}, .evidence = evidence};
    struct router router = {.wordnet = map.wordnet, .parameters = score_defaults};
    struct network *net = sample_network(map.wordnet, 1, facts);
    struct route_request request = {.question = "asdf qwertz blub",
        .meaning = &meaning,
        .now_us = NOW_US,
        .max_candidates = 3,
        .named = UINT32_MAX};
    struct route_result result = {0};
    struct err err = {0};
    assert_ok(route(&router, net, &request, &arena, &result, &err), &err);
    assert_int_equal(result.n, 0);
    request.question = "Which pool?";
    assert_ok(route(&router, net, &request, &arena, &result, &err), &err);
    assert_int_equal(result.n_fit, 1);
    network_free(net);
}

static void surer_evidence_weighs_more(void **state)
{
    (void)state;
    struct network_builder *b = network_builder_new(map.wordnet);
    struct id first = sample_id(1), second = sample_id(2);
    assert_true(network_add_contact(b, &(struct network_contact){.id = first}));
    assert_true(network_add_contact(b, &(struct network_contact){.id = second}));
    assert_true(network_add_fact(b, &first, NETWORK_EXPERTISE, "swimming", 0.3));
    assert_true(network_add_fact(b, &second, NETWORK_EXPERTISE, "swimming", 0.5));
    assert_true(network_add_fact(b, &second, NETWORK_EXPERTISE, "swimming", 1.0));
    struct network *net = NULL;
    struct err err = {0};
    assert_int_equal(network_build(b, &net, &err), ERR_OK);
    network_builder_free(b);
    assert_int_equal(net->n_statements, 1);
    assert_int_equal(net->statements[0].n_holders, 2); /* said twice of one, it is one fact */
    struct route_result r = ask(net, SNORKELING);
    assert_int_equal(number(&r, 0), 2);
    assert_true(r.candidates[0].inputs.signal[SCORE_WORDNET] >
                3 * r.candidates[1].inputs.signal[SCORE_WORDNET]);
    network_free(net);
}

static void shares_add_up_to_the_whole_expertise(void **state)
{
    (void)state;
    static const struct sample_fact facts[] = {
        {1, NETWORK_TITLE, "Swim Coach"},
        {1, NETWORK_EMPLOYER, "Blue Marlin Swim Club"},
        {1, NETWORK_EXPERTISE, "snorkeling"},
        {0, NETWORK_UNSPECIFIED, NULL},
    };
    struct network *net = sample_network(map.wordnet, 1, facts);
    struct route_result r = ask(net, SNORKELING);
    double sum = 0;
    for (size_t i = 0; i < r.candidates[0].n_evidence; i++)
        sum += r.candidates[0].evidence[i].share;
    assert_true(r.candidates[0].n_evidence >= 3);
    assert_float_equal(sum, 1.0, 1e-9);
    assert_string_equal(r.candidates[0].evidence[0].text, "snorkeling");
    network_free(net);
}

static void routing_twice_gives_the_same_bits(void **state)
{
    (void)state;
    struct network *a = sample_address_book(map.wordnet), *b = sample_address_book(map.wordnet);
    struct route_result first = ask(a, SNORKELING), second = ask(b, SNORKELING);
    assert_int_equal(first.n, second.n);
    for (size_t i = 0; i < first.n; i++) {
        assert_int_equal(first.candidates[i].contact, second.candidates[i].contact);
        assert_memory_equal(&first.candidates[i].score, &second.candidates[i].score,
            sizeof(first.candidates[i].score));
    }
    network_free(a);
    network_free(b);
}

static void a_call_that_needs_too_much_memory_is_refused(void **state)
{
    (void)state;
    struct network *net = sample_address_book(map.wordnet);
    struct router router = {.wordnet = map.wordnet, .parameters = score_defaults};
    struct route_request request = {
        .question = SNORKELING, .now_us = NOW_US, .max_candidates = 3, .named = UINT32_MAX};
    for (size_t limit = 64; limit < 64 * 1024; limit *= 2) {
        struct arena small;
        struct route_result result = {0};
        struct err err = {0};
        arena_init(&small, limit);
        assert_int_equal(
            route(&router, net, &request, &small, &result, &err), ERR_RESOURCE_EXHAUSTED);
        arena_fini(&small);
    }
    network_free(net);
}

int main(void)
{
    sample_open_wordnet(&map);
    arena_init(&arena, 64 * 1024 * 1024);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_swim_coach_is_asked_about_snorkeling, reset),
        cmocka_unit_test_setup(without_wordnet_shared_words_still_route, reset),
        cmocka_unit_test_setup(rankings_follow_the_evidence, reset),
        cmocka_unit_test_setup(nobody_fits_where_there_is_no_evidence, reset),
        cmocka_unit_test_setup(equal_candidates_come_in_order_of_id, reset),
        cmocka_unit_test_setup(a_named_contact_is_judged_without_evidence, reset),
        cmocka_unit_test_setup(evidence_that_waits_for_its_meaning_is_judged_by_words, reset),
        cmocka_unit_test_setup(who_answered_a_like_question_is_found_again, reset),
        cmocka_unit_test_setup(of_two_who_answered_alike_the_later_one_is_asked, reset),
        cmocka_unit_test_setup(a_past_question_that_means_alike_votes_too, reset),
        cmocka_unit_test_setup(a_question_of_few_known_words_means_nothing, reset),
        cmocka_unit_test_setup(surer_evidence_weighs_more, reset),
        cmocka_unit_test_setup(shares_add_up_to_the_whole_expertise, reset),
        cmocka_unit_test_setup(routing_twice_gives_the_same_bits, reset),
        cmocka_unit_test_setup(a_call_that_needs_too_much_memory_is_refused, reset),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    wordnet_map_close(&map);
    return failed;
}
