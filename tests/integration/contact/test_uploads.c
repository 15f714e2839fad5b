/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uploads that do not come to their end: seen in the list, given up, forgotten after a day.
 */
#include "two_members.h"
#include "upload.h"

#include <pthread.h>

static const char small_file[] =
    "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
    "Zoë,Öberg,linkedin.com/in/zoe,,Blue,Coach,27 Jul 2024\n";
enum { SMALL = sizeof(small_file) - 1, HALF = 40 };

static void assert_imported(const Kith__V1__Import *import)
{
    assert_non_null(import);
    assert_int_equal(import->state, KITH__V1__IMPORT_STATE__IMPORT_STATE_DONE);
    assert_int_equal(import->created, 1);
}

static void an_upload_given_up_a_day_ago_is_forgotten(void **state)
{
    (void)state;
    struct upload old = upload_new(), fresh = upload_new();
    assert_non_null(upload_chunk(&ana, &old, 0, small_file, HALF, false));
    assert_non_null(upload_chunk(&ana, &fresh, 0, small_file, HALF, false));
    char text[200];
    (void)snprintf(text, sizeof(text),
        "UPDATE contact.import SET started_at = now() - interval '2 days' WHERE import_id = '%s'",
        old.id);
    test_sql(world.admin, text);
    world_keep_house();
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.import_chunk WHERE member_id = '%s'", ana.id), 1);
    assert_null(upload_chunk(&ana, &old, HALF, small_file + HALF, SMALL - HALF, true));
    assert_int_equal(world.err.reason, REASON_IMPORT_CHUNK_MISPLACED);
    assert_non_null(strstr(world.err.msg, "stands at 0"));
    assert_imported(upload_chunk(&ana, &fresh, HALF, small_file + HALF, SMALL - HALF, true));
}

static const Kith__V1__ListImportsResponse *list_imports(const struct person *who)
{
    Kith__V1__ListImportsRequest in = KITH__V1__LIST_IMPORTS_REQUEST__INIT;
    return world_call(who->client, "ListImports", &in);
}

static void imports_are_listed_newest_first(void **state)
{
    (void)state;
    struct upload first = upload_new(), second = upload_new();
    assert_imported(upload_bytes(&ana, &first, small_file, SMALL));
    assert_non_null(upload_chunk(&ana, &second, 0, small_file, HALF, false));
    const Kith__V1__ListImportsResponse *list = list_imports(&ana);
    assert_int_equal(list->n_imports, 2);
    assert_string_equal(list->imports[0]->id, second.id);
    assert_int_equal(list->imports[0]->state, KITH__V1__IMPORT_STATE__IMPORT_STATE_UPLOADING);
    assert_int_equal(list->imports[0]->bytes_received, HALF);
    assert_string_equal(list->imports[1]->id, first.id);
    assert_int_equal(list->imports[1]->created, 1);
    assert_true(list->imports[1]->started_us > 0);
    assert_int_equal(list_imports(&bo)->n_imports, 0);
}

static void an_upload_is_given_up_with_what_was_sent_of_it(void **state)
{
    (void)state;
    struct upload upload = upload_new(), done = upload_new();
    Kith__V1__CancelImportRequest in = KITH__V1__CANCEL_IMPORT_REQUEST__INIT;
    in.import_id = upload.id;
    (void)world_refused(ana.client, "CancelImport", &in, REASON_IMPORT_NOT_FOUND);
    assert_non_null(upload_chunk(&ana, &upload, 0, small_file, HALF, false));
    (void)world_refused(bo.client, "CancelImport", &in, REASON_IMPORT_NOT_FOUND);
    (void)world_call(ana.client, "CancelImport", &in);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.import_chunk WHERE member_id = '%s'", ana.id), 0);
    assert_int_equal(list_imports(&ana)->n_imports, 0);
    assert_null(upload_chunk(&ana, &upload, HALF, small_file + HALF, SMALL - HALF, true));
    assert_int_equal(world.err.reason, REASON_IMPORT_CHUNK_MISPLACED);

    assert_imported(upload_bytes(&ana, &done, small_file, SMALL));
    in.import_id = done.id;
    (void)world_refused(ana.client, "CancelImport", &in, REASON_IMPORT_CLOSED);
    assert_int_equal(list_imports(&ana)->n_imports, 1);
}

struct sender {
    struct upload *upload;
    const Kith__V1__Import *answer;
};

static void *send_the_rest(void *arg)
{
    struct sender *sender = arg;
    sender->answer =
        upload_chunk(&ana, sender->upload, HALF, small_file + HALF, SMALL - HALF, true);
    return NULL;
}

/* The rest of the file arrives in the moment before the upload is gone. */
static void what_arrives_while_an_upload_is_given_up_begins_no_other(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    struct sender sender = {.upload = &upload};
    assert_non_null(upload_chunk(&ana, &upload, 0, small_file, HALF, false));
    struct err err = {0};
    struct db_session s = db_session(world.admin, 0);
    struct db_result *gone = NULL;
    assert_ok(db_begin(&s, DB_TX_WRITE, &err), &err);
    test_sql_in(&s,
        "WITH chunks AS (DELETE FROM contact.import_chunk) "
        "DELETE FROM contact.import RETURNING 1::int8",
        &gone);
    db_result_clear(&gone);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_the_rest, &sender), 0);
    world_await_waiting(1);
    assert_ok(db_commit(&s, &err), &err);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_null(sender.answer);
    assert_int_equal(world.err.reason, REASON_IMPORT_CHUNK_MISPLACED);
    assert_int_equal(list_imports(&ana)->n_imports, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_upload_given_up_a_day_ago_is_forgotten),
        TEST(imports_are_listed_newest_first),
        TEST(an_upload_is_given_up_with_what_was_sent_of_it),
        TEST(what_arrives_while_an_upload_is_given_up_begins_no_other),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
