/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/encoder/encoder.h"
#include "domain/encoder/kernel.h"
#include "domain/encoder/vector.h"
#include "synthetic.h"
#include "unit_test.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNKNOWN = 0,
    SPACE = 3,
    A = 4,
    B = 5,
    AB = 6,
    SPACE_AB = 7,
    C = 8,
    LAST_DUP = 10,
    E_ACUTE = 11,
    X = 12
};

struct fixture {
    struct synthetic model;
    struct encoder *encoder;
    struct encoder_scratch *scratch;
};

static int open_model(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err err;

    synthetic_init(&f->model);
    assert_ok(encoder_new(f->model.bytes, f->model.size, &f->encoder, &err), &err);
    f->scratch = encoder_scratch_new(f->encoder);
    *state = f;
    return f->scratch == NULL;
}

static int close_model(void **state)
{
    struct fixture *f = *state;

    encoder_scratch_free(f->scratch);
    encoder_free(f->encoder);
    synthetic_fini(&f->model);
    free(f);
    return 0;
}

static void check_pieces(
    const struct fixture *f, const char *text, size_t len, const uint16_t *expected, size_t count)
{
    uint16_t pieces[ENCODER_MAX_PIECES];

    assert_int_equal(encoder_segment(f->encoder, f->scratch, text, len, pieces), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pieces[i], expected[i]);
}

#define CHECK_PIECES(f, text, ...)                                         \
    check_pieces((f), (text), sizeof(text) - 1, (uint16_t[]){__VA_ARGS__}, \
        sizeof((uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static float length_of(const float v[ENCODER_DIM])
{
    float square = 0;

    for (size_t i = 0; i < ENCODER_DIM; i++)
        square += v[i] * v[i];
    return sqrtf(square);
}

static void the_likeliest_segmentation_wins(void **state)
{
    CHECK_PIECES(*state, "ab", SPACE_AB);
    CHECK_PIECES(*state, "cab", SPACE, C, AB);
    CHECK_PIECES(*state, "ba", SPACE, B, A);
    CHECK_PIECES(*state, "xx", SPACE, X, X); /* equal scores: the later piece */
    CHECK_PIECES(*state, "c ab", SPACE, C, SPACE_AB);
}

static void of_equal_pieces_the_last_one_counts(void **state)
{
    CHECK_PIECES(*state, "dup", SPACE, LAST_DUP);
}

static void neighbouring_unknown_symbols_are_one_piece(void **state)
{
    CHECK_PIECES(*state, "??a?", SPACE, UNKNOWN, A, UNKNOWN);
}

static void text_is_normalised_to_nfkc(void **state)
{
    CHECK_PIECES(*state, "\u00e9", SPACE, E_ACUTE);
    CHECK_PIECES(*state, "e\u0301", SPACE, E_ACUTE);
    CHECK_PIECES(*state, "\uff41\uff42", SPACE_AB);                   /* full width a, b */
    CHECK_PIECES(*state, "\u212b\u00a0ab", SPACE, UNKNOWN, SPACE_AB); /* no-break space is one */
}

static void marks_are_put_into_canonical_order(void **state)
{
    const struct fixture *f = *state;
    const char *orders[] = {"e\u0323\u0301", "e\u0301\u0323"};
    uint16_t pieces[2][ENCODER_MAX_PIECES];

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            encoder_segment(f->encoder, f->scratch, orders[i], strlen(orders[i]), pieces[i]), 2);
    assert_int_equal(pieces[0][1], pieces[1][1]);
}

static void an_empty_text_has_no_direction(void **state)
{
    const struct fixture *f = *state;
    float vector[ENCODER_DIM] = {1};

    assert_int_equal(encoder_encode(f->encoder, f->scratch, "", 0, vector), 0);
    assert_true(length_of(vector) == 0);
}

static void bytes_that_are_no_text_are_unknown(void **state)
{
    CHECK_PIECES(*state, "a\xff\xc0\x80z\xed\xa0\x80", SPACE, A, UNKNOWN);
    CHECK_PIECES(*state, "a\xf0\x9f", SPACE, A, UNKNOWN);
    CHECK_PIECES(*state, "a\0b", SPACE, A, UNKNOWN, B);
}

static void every_vector_has_length_one(void **state)
{
    const struct fixture *f = *state;
    const char *texts[] = {"a", "?", "ab ab c dup", "\xff", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        float vector[ENCODER_DIM];

        assert_true(encoder_encode(f->encoder, f->scratch, texts[i], strlen(texts[i]), vector) > 0);
        assert_true(fabsf(length_of(vector) - 1) < 1e-5F);
    }
}

static void what_follows_the_first_pieces_is_ignored(void **state)
{
    const struct fixture *f = *state;
    const size_t len = 100000;
    char *text = malloc(len);
    float whole[ENCODER_DIM];
    float begin[ENCODER_DIM];

    memset(text, 'c', len);
    memset(text + ENCODER_MAX_PIECES, 'a', len - ENCODER_MAX_PIECES);
    assert_int_equal(encoder_encode(f->encoder, f->scratch, text, len, whole), ENCODER_MAX_PIECES);
    assert_int_equal(encoder_encode(f->encoder, f->scratch, text, ENCODER_MAX_PIECES, begin),
        ENCODER_MAX_PIECES);
    assert_memory_equal(whole, begin, sizeof whole);
    free(text);
}

static void text_that_grows_when_normalised_fits(void **state)
{
    const struct fixture *f = *state;
    const char grows[] = {'\xef', '\xb7', '\xba'}; /* U+FDFA, which becomes 18 code points */
    const size_t len = 1000 * sizeof grows;
    char *text = malloc(len);
    uint16_t pieces[ENCODER_MAX_PIECES];

    for (size_t i = 0; i < len; i += sizeof grows)
        memcpy(text + i, grows, sizeof grows);
    assert_true(encoder_segment(f->encoder, f->scratch, text, len, pieces) > 1);
    free(text);
}

static void order_of_words_matters(void **state)
{
    const struct fixture *f = *state;
    float one[ENCODER_DIM];
    float other[ENCODER_DIM];

    (void)encoder_encode(f->encoder, f->scratch, "a b c", 5, one);
    (void)encoder_encode(f->encoder, f->scratch, "c b a", 5, other);
    assert_memory_not_equal(one, other, sizeof one);
}

static void the_same_text_gives_the_same_bits_in_any_scratch(void **state)
{
    const struct fixture *f = *state;
    struct encoder_scratch *fresh = encoder_scratch_new(f->encoder);
    float one[ENCODER_DIM];
    float other[ENCODER_DIM];

    (void)encoder_encode(f->encoder, f->scratch, "something longer before", 23, one);
    (void)encoder_encode(f->encoder, f->scratch, "ab c", 4, one);
    (void)encoder_encode(f->encoder, fresh, "ab c", 4, other);
    assert_memory_equal(one, other, sizeof one);
    encoder_scratch_free(fresh);
}

struct encoding {
    pthread_t thread;
    const struct encoder *encoder;
    float vector[ENCODER_DIM];
};

static void *encode_often(void *arg)
{
    struct encoding *encoding = arg;
    struct encoder_scratch *scratch = encoder_scratch_new(encoding->encoder);

    for (int i = 0; i < 50; i++)
        (void)encoder_encode(encoding->encoder, scratch, "ab c dup", 8, encoding->vector);
    encoder_scratch_free(scratch);
    return NULL;
}

static void threads_share_a_model(void **state)
{
    enum { THREADS = 4 };
    const struct fixture *f = *state;
    struct encoding encodings[THREADS];
    float alone[ENCODER_DIM];

    (void)encoder_encode(f->encoder, f->scratch, "ab c dup", 8, alone);
    for (size_t i = 0; i < THREADS; i++) {
        encodings[i].encoder = f->encoder;
        assert_int_equal(
            pthread_create(&encodings[i].thread, NULL, encode_often, &encodings[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(encodings[i].thread, NULL), 0);
        assert_memory_equal(encodings[i].vector, alone, sizeof alone);
    }
}

static void a_damaged_file_is_refused(void **state)
{
    const struct fixture *f = *state;
    const size_t places[] = {0, 8, 12, 16, 60, 100, f->model.size / 2, f->model.size - 1};
    char *copy = aligned_alloc(ENCODER_FORMAT_ALIGN, f->model.size);

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct encoder *encoder = NULL;
        struct err err;

        memcpy(copy, f->model.bytes, f->model.size);
        copy[places[i]] ^= 1;
        assert_int_equal(encoder_new(copy, f->model.size, &encoder, &err), ERR_DATA_LOSS);
        assert_null(encoder);
        assert_int_equal(encoder_new(f->model.bytes, places[i], &encoder, &err), ERR_DATA_LOSS);
    }
    free(copy);
}

static void the_name_tells_models_apart(void **state)
{
    const struct fixture *f = *state;
    const char *name = encoder_model_name(f->encoder);

    assert_true(strncmp(name, "synthetic:", 10) == 0);
    assert_int_equal(strlen(name), 10 + 16);
}

static void all_kernels_give_the_same_bits(void **state)
{
    enum { IN = 80, OUT = 48, ROWS = 23 };
    static _Alignas(64) int8_t weight[IN * OUT];
    static int16_t in[ROWS * IN];
    static float expected[ROWS * OUT], out[ROWS * OUT], scale[2 * OUT];
    const struct encoder_matrix matrix = {.weight = weight, .scale = scale, .in = IN, .out = OUT};
    int8_t a[ENCODER_DIM];
    int8_t b[ENCODER_DIM];

    (void)state;
    for (size_t i = 0; i < 2 * OUT; i++)
        scale[i] = 0.01F * (float)i;
    for (size_t i = 0; i < IN * OUT; i++)
        weight[i] = (int8_t)((int)(i * 37 % 255) - 127);
    for (size_t i = 0; i < ROWS * IN; i++)
        in[i] = (int16_t)((int)(i * 7919 % (2 * KERNEL_INPUT_MAX + 1)) - KERNEL_INPUT_MAX);
    for (size_t i = 0; i < ENCODER_DIM; i++) {
        a[i] = (int8_t)((int)(i * 31 % 255) - 127);
        b[i] = (int8_t)((int)(i * 11 % 255) - 127);
    }
    for (size_t rows = 1; rows <= ROWS; rows++) {
        kernel_at(0)->multiply(&matrix, in, rows, expected);
        for (size_t k = 1; kernel_at(k) != NULL; k++) {
            kernel_at(k)->multiply(&matrix, in, rows, out);
            assert_memory_equal(out, expected, rows * OUT * sizeof *out);
            assert_int_equal(kernel_at(k)->dot(a, b), kernel_at(0)->dot(a, b));
        }
    }
}

static void every_kernel_adds_the_same(void **state)
{
    int8_t in[ENCODER_DIM];

    (void)state;
    for (size_t i = 0; i < ENCODER_DIM; i++)
        in[i] = (int8_t)((int)(i * 31 % 255) - 127);
    for (size_t k = 0; kernel_at(k) != NULL; k++) {
        float sum[ENCODER_DIM];
        for (size_t i = 0; i < ENCODER_DIM; i++)
            sum[i] = (float)i;
        kernel_at(k)->add(in, 0.37F, sum);
        for (size_t i = 0; i < ENCODER_DIM; i++)
            assert_true(sum[i] == (float)i + (float)in[i] * 0.37F);
    }
}

static void the_portable_kernel_is_a_matrix_product(void **state)
{
    enum { IN = ENCODER_GROUP + 16, OUT = 16 };
    static _Alignas(64) int8_t weight[IN * OUT];
    int16_t in[IN];
    float scale[2 * OUT];
    float out[OUT];
    const struct encoder_matrix matrix = {.weight = weight, .scale = scale, .in = IN, .out = OUT};

    (void)state;
    for (size_t o = 0; o < OUT; o++) {
        scale[o] = 1;
        scale[OUT + o] = 2;
    }
    for (size_t i = 0; i < IN; i++) {
        in[i] = (int16_t)i;
        for (size_t o = 0; o < OUT; o++)
            weight[encoder_weight_index(IN, i, o)] = (int8_t)((int)i - 2 * (int)o);
    }
    kernel_at(0)->multiply(&matrix, in, 1, out);
    for (size_t o = 0; o < OUT; o++) {
        int32_t sum = 0;

        for (size_t i = 0; i < IN; i++)
            sum += in[i] * ((int32_t)i - 2 * (int32_t)o) * (i < ENCODER_GROUP ? 1 : 2);
        assert_true(out[o] == (float)sum);
    }
}

static void packed_vectors_keep_their_cosine(void **state)
{
    const struct fixture *f = *state;
    float one[ENCODER_DIM];
    float other[ENCODER_DIM];
    float exact = 0;
    struct encoder_vector packed[2];
    struct encoder_vector nothing = {.scale = 0};

    (void)encoder_encode(f->encoder, f->scratch, "ab c", 4, one);
    (void)encoder_encode(f->encoder, f->scratch, "dup", 3, other);
    for (size_t i = 0; i < ENCODER_DIM; i++)
        exact += one[i] * other[i];
    encoder_vector_pack(one, &packed[0]);
    encoder_vector_pack(other, &packed[1]);
    assert_true(fabsf(encoder_vector_cosine(&packed[0], &packed[1]) - exact) < 0.005F);
    assert_true(fabsf(encoder_vector_cosine(&packed[0], &packed[0]) - 1) < 0.005F);
    assert_true(encoder_vector_cosine(&packed[0], &nothing) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_likeliest_segmentation_wins),
        cmocka_unit_test(of_equal_pieces_the_last_one_counts),
        cmocka_unit_test(neighbouring_unknown_symbols_are_one_piece),
        cmocka_unit_test(text_is_normalised_to_nfkc),
        cmocka_unit_test(marks_are_put_into_canonical_order),
        cmocka_unit_test(an_empty_text_has_no_direction),
        cmocka_unit_test(bytes_that_are_no_text_are_unknown),
        cmocka_unit_test(every_vector_has_length_one),
        cmocka_unit_test(what_follows_the_first_pieces_is_ignored),
        cmocka_unit_test(text_that_grows_when_normalised_fits),
        cmocka_unit_test(order_of_words_matters),
        cmocka_unit_test(the_same_text_gives_the_same_bits_in_any_scratch),
        cmocka_unit_test(threads_share_a_model),
        cmocka_unit_test(a_damaged_file_is_refused),
        cmocka_unit_test(the_name_tells_models_apart),
        cmocka_unit_test(all_kernels_give_the_same_bits),
        cmocka_unit_test(every_kernel_adds_the_same),
        cmocka_unit_test(the_portable_kernel_is_a_matrix_product),
        cmocka_unit_test(packed_vectors_keep_their_cosine),
    };

    return cmocka_run_group_tests(tests, open_model, close_model);
}
