/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/inverted.h"
#include "unit_test.h"

/* 0: "swim swim coach", 1: "coach", 3: "chess". */
static struct inverted *sample(void)
{
    struct inverted_builder *b = inverted_builder_new();
    assert_non_null(b);
    assert_true(inverted_add(b, 0, "swim"));
    assert_true(inverted_add(b, 0, "coach"));
    assert_true(inverted_add(b, 0, "swim"));
    assert_true(inverted_add(b, 1, "coach"));
    assert_true(inverted_add(b, 3, "chess"));
    struct inverted *index = inverted_build(b);
    inverted_builder_free(b);
    assert_non_null(index);
    return index;
}

static void postings_name_each_document_once_with_its_count(void **state)
{
    (void)state;
    struct inverted *index = sample();
    struct inverted_postings swim = inverted_postings(index, inverted_find(index, "swim"));
    assert_int_equal(swim.n, 1);
    assert_int_equal(swim.items[0].doc, 0);
    assert_int_equal(swim.items[0].count, 2);
    struct inverted_postings coach = inverted_postings(index, inverted_find(index, "coach"));
    assert_int_equal(coach.n, 2);
    assert_int_equal(coach.items[0].doc, 0);
    assert_int_equal(coach.items[1].doc, 1);
    assert_int_equal(inverted_find(index, "dog"), INVERTED_NO_TERM);
    assert_int_equal(inverted_postings(index, INVERTED_NO_TERM).n, 0);
    inverted_free(index);
}

/* Computed by hand: N = 3, lengths 3, 1, 1, mean 5/3, k1 = 1.2, b = 0.75. */
static void weights_are_those_of_bm25(void **state)
{
    (void)state;
    struct inverted *index = sample();
    const struct bm25 bm25 = {.k1 = 1.2, .b = 0.75};
    struct inverted_postings swim = inverted_postings(index, inverted_find(index, "swim"));
    double idf = bm25_idf(index, swim.n, 0);
    assert_float_equal(idf, 0.98082925, 1e-6);
    assert_float_equal(bm25_weight(index, &bm25, idf, &swim.items[0]), 1.10093079, 1e-6);
    assert_true(bm25_idf(index, 0, 0) > idf && bm25_idf(index, 3, 0) > 0);
    inverted_free(index);
}

static void an_empty_index_finds_nothing(void **state)
{
    (void)state;
    struct inverted_builder *b = inverted_builder_new();
    struct inverted *index = inverted_build(b);
    assert_non_null(index);
    assert_int_equal(inverted_n_terms(index), 0);
    assert_int_equal(inverted_find(index, "swim"), INVERTED_NO_TERM);
    inverted_builder_free(b);
    inverted_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postings_name_each_document_once_with_its_count),
        cmocka_unit_test(weights_are_those_of_bm25),
        cmocka_unit_test(an_empty_index_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
