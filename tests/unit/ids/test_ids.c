/* SPDX-License-Identifier: Apache-2.0 */
#include "ids/ids.h"
#include "unit_test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static int64_t turned_us(void *self)
{
    return *(const int64_t *)self;
}

/* Far in the future: the process-wide state of id_new() only ever moves on. */
static int64_t next_epoch_us(void)
{
    static int64_t epoch_us = INT64_C(4000000000000000);
    epoch_us += INT64_C(1000000000000);
    return epoch_us;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct id));
}

static int64_t timestamp_ms(const struct id *id)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id->bytes[i];
    return ms;
}

static void an_id_has_the_version_variant_and_timestamp_of_rfc_9562(void **state)
{
    (void)state;
    int64_t now_us = next_epoch_us() + 123456;
    const struct clock clock = {turned_us, turned_us, &now_us};
    for (int i = 0; i < 100; i++) {
        struct id id = id_new(&clock);
        assert_int_equal(id.bytes[6] >> 4, 7);
        assert_int_equal(id.bytes[8] >> 6, 2);
        assert_int_equal(timestamp_ms(&id), now_us / 1000);
    }
}

static void ids_rise_within_one_millisecond(void **state)
{
    (void)state;
    int64_t now_us = next_epoch_us();
    const struct clock clock = {turned_us, turned_us, &now_us};
    struct id last = id_new(&clock);
    for (int i = 0; i < 100000; i++) {
        struct id id = id_new(&clock);
        assert_true(compare(&last, &id) < 0);
        last = id;
    }
}

static void ids_rise_while_the_clock_goes_back(void **state)
{
    (void)state;
    int64_t now_us = next_epoch_us();
    const struct clock clock = {turned_us, turned_us, &now_us};
    struct id last = id_new(&clock);
    for (int i = 0; i < 1000; i++) {
        now_us -= 7919;
        struct id id = id_new(&clock);
        assert_true(compare(&last, &id) < 0);
        last = id;
    }
}

enum { N_THREADS = 4, PER_THREAD = 5000 };

struct maker {
    pthread_t thread;
    struct id ids[PER_THREAD];
};

static void *make_ids(void *arg)
{
    struct maker *maker = arg;
    for (int i = 0; i < PER_THREAD; i++)
        maker->ids[i] = id_new(clock_system());
    return NULL;
}

static void threads_get_rising_ids_and_never_the_same(void **state)
{
    (void)state;
    struct maker *makers = calloc(N_THREADS, sizeof(*makers));
    struct id *all = calloc((size_t)N_THREADS * PER_THREAD, sizeof(*all));
    assert_true(makers && all);
    for (int t = 0; t < N_THREADS; t++)
        assert_int_equal(pthread_create(&makers[t].thread, NULL, make_ids, &makers[t]), 0);
    for (int t = 0; t < N_THREADS; t++)
        assert_int_equal(pthread_join(makers[t].thread, NULL), 0);

    for (size_t t = 0; t < N_THREADS; t++) {
        for (int i = 1; i < PER_THREAD; i++)
            assert_true(compare(&makers[t].ids[i - 1], &makers[t].ids[i]) < 0);
        memcpy(all + t * PER_THREAD, makers[t].ids, sizeof(makers[t].ids));
    }
    qsort(all, (size_t)N_THREADS * PER_THREAD, sizeof(*all), compare);
    /* The counter alone keeps the first eight bytes apart. */
    for (int i = 1; i < N_THREADS * PER_THREAD; i++)
        assert_true(memcmp(&all[i - 1], &all[i], 8) < 0);
    free(all);
    free(makers);
}

static void text_goes_out_and_comes_back(void **state)
{
    (void)state;
    static const char text[] = "01890a5d-ac96-774b-bcce-b302099a8057";
    struct id id;
    assert_true(id_parse(text, &id));
    char out[ID_TEXT_SIZE];
    id_format(&id, out);
    assert_string_equal(out, text);

    struct id upper;
    assert_true(id_parse("01890A5D-AC96-774B-BCCE-B302099A8057", &upper));
    assert_true(id_equal(&id, &upper));
}

static void what_is_no_uuid_is_refused_and_writes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "x",
        "01890a5d-ac96-774b-bcce-b302099a805",
        "01890a5d-ac96-774b-bcce-b302099a80577",
        "01890a5dxac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a805g",
        "01890a5d-ac96-774b-bcceb-302099a8057",
        "{1890a5d-ac96-774b-bcce-b302099a805}",
        " 1890a5d-ac96-774b-bcce-b302099a8057",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct id id = {{0}};
        assert_false(id_parse(texts[i], &id));
        assert_true(id_is_zero(&id));
    }
    assert_false(id_parse(NULL, &(struct id){{0}}));
}

static void a_bad_id_in_a_request_names_its_field(void **state)
{
    (void)state;
    struct id id;
    struct err err = {0};
    assert_int_equal(id_parse_field("nope", "contact_id", &id, &err), ERR_INVALID_ARGUMENT);
    assert_string_equal(err.field, "contact_id");
    assert_null(strstr(err.msg, "nope"));
    assert_int_equal(
        id_parse_field("01890a5d-ac96-774b-bcce-b302099a8057", "contact_id", &id, &err), ERR_OK);
}

static void buckets_are_those_of_the_first_release(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int bucket;
    } rows[] = {
        {"00000000-0000-0000-0000-000000000000", 28},
        {"01890a5d-ac96-774b-bcce-b302099a8057", 47},
        {"ffffffff-ffff-ffff-ffff-ffffffffffff", 29},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct id id;
        assert_true(id_parse(rows[i].text, &id));
        assert_int_equal(id_bucket(&id), rows[i].bucket);
    }
}

static void buckets_are_filled_evenly(void **state)
{
    (void)state;
    int counts[ID_BUCKETS] = {0};
    enum { PER_BUCKET = 400 };
    for (int i = 0; i < ID_BUCKETS * PER_BUCKET; i++) {
        struct id id = id_new(clock_system());
        int bucket = id_bucket(&id);
        assert_in_range(bucket, 0, ID_BUCKETS - 1);
        counts[bucket]++;
    }
    for (int b = 0; b < ID_BUCKETS; b++)
        assert_in_range(counts[b], PER_BUCKET * 2 / 3, PER_BUCKET * 4 / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_has_the_version_variant_and_timestamp_of_rfc_9562),
        cmocka_unit_test(ids_rise_within_one_millisecond),
        cmocka_unit_test(ids_rise_while_the_clock_goes_back),
        cmocka_unit_test(threads_get_rising_ids_and_never_the_same),
        cmocka_unit_test(text_goes_out_and_comes_back),
        cmocka_unit_test(what_is_no_uuid_is_refused_and_writes_nothing),
        cmocka_unit_test(a_bad_id_in_a_request_names_its_field),
        cmocka_unit_test(buckets_are_those_of_the_first_release),
        cmocka_unit_test(buckets_are_filled_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
