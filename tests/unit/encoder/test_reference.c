/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped weights against piece ids and vectors made by the original in JavaScript. */
#include "domain/encoder/encoder.h"
#include "domain/encoder/vector.h"
#include "encoder_file.h"
#include "unit_test.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SKIPPED = 77, MAX_LINE = 1 << 16, MAX_PATH_BYTES = 4096 };

struct fixture {
    struct encoder_file file;
    struct encoder_scratch *scratch;
    json_t *lines;
};

static struct fixture fixture;

static double cosine(const float *a, const json_t *b)
{
    double ab = 0;
    double aa = 0;
    double bb = 0;

    for (size_t i = 0; i < ENCODER_DIM; i++) {
        double x = (double)a[i];
        double y = json_number_value(json_array_get(b, i));

        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

static void pieces_are_those_of_the_original(void **state)
{
    json_t *line;
    size_t i;

    (void)state;
    json_array_foreach(fixture.lines, i, line)
    {
        json_t *text = json_object_get(line, "text");
        json_t *expected = json_object_get(line, "pieces");
        uint16_t pieces[ENCODER_MAX_PIECES];
        size_t count = encoder_segment(fixture.file.encoder, fixture.scratch,
            json_string_value(text), json_string_length(text), pieces);

        assert_int_equal(count, json_array_size(expected));
        for (size_t p = 0; p < count; p++)
            assert_int_equal(pieces[p], json_integer_value(json_array_get(expected, p)));
    }
}

static void vectors_are_those_of_the_original_also_packed(void **state)
{
    double least = 1;
    json_t *line;
    size_t i;

    (void)state;
    json_array_foreach(fixture.lines, i, line)
    {
        json_t *text = json_object_get(line, "text");
        json_t *expected = json_object_get(line, "vector");
        struct encoder_vector packed;
        float vector[ENCODER_DIM];
        float unpacked[ENCODER_DIM];

        (void)encoder_encode(fixture.file.encoder, fixture.scratch, json_string_value(text),
            json_string_length(text), vector);
        encoder_vector_pack(vector, &packed);
        encoder_vector_unpack(&packed, unpacked);
        least = fmin(least, cosine(vector, expected));
        assert_true(cosine(vector, expected) >= 0.999);
        assert_true(cosine(unpacked, expected) >= 0.999);
    }
    print_message("%zu texts, least cosine %.6F\n", json_array_size(fixture.lines), least);
}

static json_t *load_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    json_t *lines = json_array();
    char *line = malloc(MAX_LINE);

    while (file != NULL && fgets(line, MAX_LINE, file) != NULL)
        (void)json_array_append_new(lines, json_loads(line, 0, NULL));
    if (file != NULL)
        (void)fclose(file);
    free(line);
    return lines;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_those_of_the_original),
        cmocka_unit_test(vectors_are_those_of_the_original_also_packed),
    };
    char path[MAX_PATH_BYTES];
    struct err err;
    int failed;

    fixture.lines = load_lines(SHARED_DATA "/encoder/reference.jsonl");
    encoder_file_default_path(path, sizeof path);
    if (json_array_size(fixture.lines) == 0) {
        (void)printf("skipped: no reference vectors in %s/encoder\n", SHARED_DATA);
        return SKIPPED;
    }
    if (encoder_file_open(path, &fixture.file, &err) != ERR_OK) {
        (void)printf("%s\n", err.msg);
        return err.reason == REASON_ENCODER_FILE_MISSING ? SKIPPED : 1;
    }
    fixture.scratch = encoder_scratch_new(fixture.file.encoder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    encoder_scratch_free(fixture.scratch);
    encoder_file_close(&fixture.file);
    json_decref(fixture.lines);
    return failed;
}
