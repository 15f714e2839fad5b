/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports through the real server: every layout, every way to send a file wrongly, and the promise
 * that the same file twice adds nothing.
 */
#include "two_members.h"
#include "upload.h"

#include <pthread.h>

#define HEADER "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"

static int64_t contacts_of(const struct person *owner)
{
    return world_count("SELECT count(*) FROM contact.contact WHERE member_id = '%s'", owner->id);
}

static int64_t events_of(const struct person *owner)
{
    return world_count("SELECT count(*) FROM contact.outbox WHERE member_id = '%s' "
                       "AND kind = 'kith.v1.ContactsChanged'",
        owner->id);
}

/* Counts in the order: rows created updated unchanged skipped closed weak. */
static void check(const Kith__V1__Import *import, const char *expected)
{
    char counts[128];
    (void)snprintf(counts, sizeof(counts), "%u %u %u %u %u %u %u", import->rows, import->created,
        import->updated, import->unchanged, import->skipped, import->closed_accounts,
        import->weak_identities);
    assert_string_equal(counts, expected);
    assert_int_equal(import->state, KITH__V1__IMPORT_STATE__IMPORT_STATE_DONE);
}

static const Kith__V1__Contact *only_contact(const struct person *owner)
{
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    const Kith__V1__ListContactsResponse *out = world_call(owner->client, "ListContacts", &in);
    assert_int_equal(out->n_contacts, 1);
    return out->contacts[0];
}

/* ---- files ----------------------------------------------------------------------------------- */

static void the_demo_export_imports_and_the_same_file_twice_adds_nothing(void **state)
{
    (void)state;
    check(upload_file(&ana, SAMPLES "/Connections.csv"), "326 320 0 0 6 6 0");
    assert_int_equal(contacts_of(&ana), 320);
    assert_int_equal(events_of(&ana), 1);
    check(upload_file(&ana, SAMPLES "/Connections.csv"), "326 0 0 320 6 6 0");
    assert_int_equal(contacts_of(&ana), 320);
    assert_int_equal(events_of(&ana), 1);
    assert_int_equal(contacts_of(&bo), 0);
}

/* Each file, twice: whatever the first import made, the second finds it again. */
static void check_twice(const char *path)
{
    struct person owner = world_person("Owner");
    const Kith__V1__Import *first = upload_file(&owner, path);
    assert_true(first->created > 0);
    assert_int_equal(first->updated + first->unchanged, 0);
    const Kith__V1__Import *second = upload_file(&owner, path);
    assert_int_equal(second->created + second->updated, 0);
    assert_int_equal(second->unchanged, first->created);
    assert_int_equal(second->rows, first->rows);
    assert_int_equal(contacts_of(&owner), first->created);
    world_person_fini(&owner);
}

static void every_layout_and_variant_of_ours_imports_and_is_found_again(void **state)
{
    (void)state;
    static const char *const files[] = {"/Connections-2018.csv", "/Connections-2021.csv",
        "/variants/bom.csv", "/variants/cp1252.csv", "/variants/crlf-short-dates.csv",
        "/variants/newlines.csv", "/variants/padded-preamble.csv", "/variants/quoted.csv",
        "/variants/semicolons.csv", "/variants/tabs.csv", "/variants/truncated.csv"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[300];
        (void)snprintf(path, sizeof(path), SAMPLES "%s", files[i]);
        check_twice(path);
    }
}

static void exports_kept_beside_the_project_import_as_well(void **state)
{
    (void)state;
    static const char *const files[] = {"2018-11/Connections.csv", "2021-12/Connections.csv",
        "2024-01/Connections.csv", "2024-08/Connections.csv", "variants/Connections_bom.csv",
        "variants/Connections_cp1252.csv", "variants/Connections_excel_crlf_noprefix_d-Mon-yy.csv",
        "variants/Connections_excel_padded_preamble.csv", "variants/Connections_truncated.csv"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[400];
        size_t len = 0;
        (void)snprintf(path, sizeof(path), SHARED_SAMPLES "/%s", files[i]);
        if (!upload_read(path, &len)) {
            print_message("skipped: no file %s\n", path);
            skip();
        }
        check_twice(path);
    }
}

/* The same people, whatever separates their fields; nobody twice. */
static void commas_semicolons_and_tabs_say_the_same(void **state)
{
    (void)state;
    const Kith__V1__Import *first = upload_file(&ana, SAMPLES "/variants/crlf-short-dates.csv");
    const Kith__V1__Import *semicolons = upload_file(&ana, SAMPLES "/variants/semicolons.csv");
    assert_int_equal(semicolons->unchanged, first->created);
    const Kith__V1__Import *tabs = upload_file(&ana, SAMPLES "/variants/tabs.csv");
    assert_int_equal(tabs->unchanged, first->created);
    assert_int_equal(contacts_of(&ana), first->created);
}

static void a_cut_off_file_imports_up_to_the_cut(void **state)
{
    (void)state;
    const Kith__V1__Import *import = upload_file(&ana, SAMPLES "/variants/truncated.csv");
    assert_true(import->n_skips > 0);
    const Kith__V1__ImportSkip *last = import->skips[import->n_skips - 1];
    assert_non_null(strstr(last->reason, "the file ends in the middle of this row"));
}

static void windows_1252_becomes_readable(void **state)
{
    (void)state;
    check(upload_text(&ana, "First Name,Last Name,Connected On\nG\xF6ran,D\x92Souza,27-Jul-24\n"),
        "1 1 0 0 0 0 1");
    assert_string_equal(only_contact(&ana)->name, "Göran D’Souza");
}

static void an_older_export_is_completed_by_a_newer_one(void **state)
{
    (void)state;
    struct person owner = world_person("Owner");
    const Kith__V1__Import *old = upload_file(&owner, SAMPLES "/Connections-2018.csv");
    const Kith__V1__Import *new = upload_file(&owner, SAMPLES "/Connections.csv");
    /* By e-mail where the newer file has it, by name and company otherwise. */
    assert_int_equal(new->updated, old->created);
    assert_int_equal(new->created, 320 - old->created);
    assert_int_equal(contacts_of(&owner), 320);
    world_person_fini(&owner);
}

/* ---- identities ------------------------------------------------------------------------------ */

static void what_is_new_updates_and_what_is_missing_stays(void **state)
{
    (void)state;
    check(upload_text(&ana, HEADER "Zoë,Öberg,linkedin.com/in/zoe,,Blue,Coach,27 Jul 2024\n"),
        "1 1 0 0 0 0 0");
    check(upload_text(
              &ana, HEADER "Zoë,Öberg,https://www.linkedin.com/in/ZOE/,zoe@example.org,Green,,\n"),
        "1 0 1 0 0 0 0");
    const Kith__V1__Contact *contact = only_contact(&ana);
    assert_string_equal(contact->company, "Green");
    assert_string_equal(contact->position, "Coach");
    assert_string_equal(contact->email, "zoe@example.org");
    assert_string_equal(contact->profile_url, "linkedin.com/in/zoe");
    assert_true(contact->connected_us == INT64_C(1722038400000000));
}

static void people_of_one_name_at_two_addresses_are_two(void **state)
{
    (void)state;
    check(upload_text(&ana, HEADER "Zoë,Öberg,linkedin.com/in/zoe-1,,Blue,,\n"
                                   "Zoë,Öberg,linkedin.com/in/zoe-2,,Blue,,\n"),
        "2 2 0 0 0 0 0");
}

static void a_person_named_twice_in_a_file_is_one_contact(void **state)
{
    (void)state;
    const Kith__V1__Import *import =
        upload_text(&ana, HEADER "Zoë,Öberg,linkedin.com/in/zoe,z@example.org,Blue,,\n"
                                 "Zoe,Oberg,linkedin.com/in/zoe/,,Green,,\n"
                                 "Z,O,,z@example.org,,,\n"
                                 "zoë,öberg,,,BLUE,,\n");
    check(import, "4 1 0 0 3 0 0");
    assert_int_equal(import->skips[0]->row, 3);
    assert_string_equal(import->skips[0]->reason, "the same person as row 2");
    assert_int_equal(import->skips[2]->row, 5);
}

static void rows_that_mean_one_known_contact_change_it_once(void **state)
{
    (void)state;
    check(upload_text(&ana, HEADER "Zoë,Öberg,,,Blue,,\n"), "1 1 0 0 0 0 1");
    const char *file = HEADER "Zoë,Öberg,linkedin.com/in/zoe,,Blue,,\n"
                              "Zoë,Öberg,linkedin.com/in/zoe-2,,Blue,,\n";
    check(upload_text(&ana, file), "2 0 1 0 1 0 1");
    check(upload_text(&ana, file), "2 1 0 1 0 0 0");
    check(upload_text(&ana, file), "2 0 0 2 0 0 0");
}

static void names_alone_are_reported_as_weak(void **state)
{
    (void)state;
    const char *file = HEADER "Zoë,Öberg,,,Blue,Coach,\nBo,Lind,,,,,\n";
    check(upload_text(&ana, file), "2 2 0 0 0 0 2");
    check(upload_text(&ana, file), "2 0 0 2 0 0 2");
}

static void skipped_rows_are_listed_up_to_a_hundred(void **state)
{
    (void)state;
    static char file[8192] = HEADER "Zoë,Öberg,linkedin.com/in/zoe,,Blue,,\n";
    size_t used = strlen(file);
    for (int i = 0; i < 150; i++)
        used += (size_t)snprintf(file + used, sizeof(file) - used, ",,,,,,07 Feb 2024\n");
    const Kith__V1__Import *import = upload_text(&ana, file);
    check(import, "151 1 0 0 150 150 0");
    assert_int_equal(import->n_skips, 100);
    assert_int_equal(import->skips[99]->row, 102);
}

static void check_gap(
    const Kith__V1__ImportGap *gap, uint32_t row, const char *column, const char *reason)
{
    assert_int_equal(gap->row, row);
    assert_string_equal(gap->column, column);
    assert_string_equal(gap->reason, reason);
}

static void what_a_row_says_and_nobody_can_read_is_named(void **state)
{
    (void)state;
    const char *file = HEADER "Zoë,Öberg,linkedin.com/in/zoe,zoe at home,Blue,,soon\n"
                              "Bo,Lind,linkedin.com/in/bo,,Blue,,27 Jul 2024\n"
                              "Eve,Lund,nowhere,eve@example.org,Blue,,03/04/2024\n"
                              "Eve,Lund,nowhere,eve@example.org,Blue,,again\n";
    const Kith__V1__Import *import = upload_text(&ana, file);
    check(import, "4 3 0 0 1 0 0");
    assert_int_equal(import->incomplete, 2);
    assert_int_equal(import->n_gaps, 4);
    check_gap(import->gaps[0], 2, "Connected On", "\"soon\" is not a date such as 27 Jul 2024");
    check_gap(import->gaps[1], 2, "Email Address", "\"zoe at home\" is not an e-mail address");
    check_gap(
        import->gaps[2], 4, "Connected On", "\"03/04/2024\" is not a date such as 27 Jul 2024");
    check_gap(import->gaps[3], 4, "URL", "\"nowhere\" is not the address of a profile");
    /* Said again of contacts that are known. */
    import = upload_text(&ana, file);
    check(import, "4 0 0 3 1 0 0");
    assert_int_equal(import->incomplete, 2);
    assert_int_equal(import->n_gaps, 4);
}

static void unread_fields_are_counted_all_and_listed_up_to_a_hundred(void **state)
{
    (void)state;
    static char file[8192] = HEADER;
    size_t used = strlen(file);
    for (int i = 0; i < 150; i++)
        used += (size_t)snprintf(file + used, sizeof(file) - used, "P,Q%d,,,,,soon\n", i);
    const Kith__V1__Import *import = upload_text(&ana, file);
    check(import, "150 150 0 0 0 0 150");
    assert_int_equal(import->incomplete, 150);
    assert_int_equal(import->n_gaps, 100);
    assert_int_equal(import->gaps[99]->row, 101);
}

static void a_batch_border_changes_nothing(void **state)
{
    (void)state;
    enum { ROWS = 2500 };
    size_t size = 200 * ROWS, used = 0;
    char *file = arena_alloc(&world.arena, size);
    assert_non_null(file);
    used += (size_t)snprintf(file, size, HEADER);
    for (int i = 0; i < ROWS; i++)
        used += (size_t)snprintf(
            file + used, size - used, "P,Number %d,linkedin.com/in/p-%d,,Company,,\n", i, i % 2400);
    struct upload upload = upload_new();
    upload.chunk = 10007;
    check(upload_bytes(&ana, &upload, file, used), "2500 2400 0 0 100 0 0");
    assert_int_equal(contacts_of(&ana), 2400);
    struct upload again = upload_new();
    check(upload_bytes(&ana, &again, file, used), "2500 0 0 2400 100 0 0");
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void check_refused(const char *text, enum err_reason reason, const char *words)
{
    struct upload upload = upload_new();
    assert_null(upload_bytes(&ana, &upload, text, strlen(text)));
    assert_string_equal(err_reason_info(world.err.reason)->name, err_reason_info(reason)->name);
    assert_non_null(strstr(world.err.msg, words));
    /* The verdict is kept, also when the last chunk comes again. */
    Kith__V1__GetImportRequest in = KITH__V1__GET_IMPORT_REQUEST__INIT;
    in.import_id = upload.id;
    const Kith__V1__GetImportResponse *out = world_call(ana.client, "GetImport", &in);
    assert_int_equal(out->import->state, KITH__V1__IMPORT_STATE__IMPORT_STATE_FAILED);
    assert_string_equal(out->import->failure_reason, err_reason_info(reason)->name);
    assert_null(upload_bytes(&ana, &upload, text, strlen(text)));
    assert_int_equal(world.err.reason, reason);
    assert_int_equal(contacts_of(&ana), 0);
    assert_int_equal(events_of(&ana), 0);
    assert_int_equal(
        world_count("SELECT count(*) FROM contact.import_chunk WHERE member_id = '%s'", ana.id), 0);
}

static void a_file_of_another_format_is_refused_with_the_header_seen(void **state)
{
    (void)state;
    check_refused("Name,Given Name,E-mail 1 - Value\nAna,Ana,a@example.org\n",
        REASON_IMPORT_FORMAT_UNKNOWN, "Name,Given Name,E-mail 1 - Value");
    check_refused("", REASON_IMPORT_FORMAT_UNKNOWN, "empty");
    check_refused("no table at all", REASON_IMPORT_FORMAT_UNKNOWN, "no table at all");
}

static void a_header_beyond_the_twentieth_record_is_not_looked_for(void **state)
{
    (void)state;
    char text[512] = "";
    for (int i = 0; i < 19; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "note\n");
    size_t notes = strlen(text);
    (void)snprintf(text + notes, sizeof(text) - notes, HEADER "Ana,B,,,,,\n");
    check(upload_text(&bo, text), "1 1 0 0 0 0 1");
    (void)snprintf(text + notes, sizeof(text) - notes, "note\n" HEADER "Ana,B,,,,,\n");
    check_refused(text, REASON_IMPORT_FORMAT_UNKNOWN, "first 20 records");
}

static void a_file_without_contacts_is_an_error(void **state)
{
    (void)state;
    check_refused(HEADER, REASON_IMPORT_EMPTY, "First Name,Last Name,URL");
    check_refused(HEADER ",,,,,,07 Feb 2024\n", REASON_IMPORT_EMPTY, "1 of them closed accounts");
}

static void too_many_rows_are_refused_and_nothing_is_imported(void **state)
{
    (void)state;
    enum { ROWS = 100001 };
    size_t size = 8 * ROWS + 200, used = 0;
    char *file = arena_alloc(&world.arena, size);
    assert_non_null(file);
    used += (size_t)snprintf(file, size, "First Name,Last Name,Connected On\n");
    for (int i = 0; i < ROWS; i++) {
        memcpy(file + used, "x,y,\n", 5);
        used += 5;
    }
    struct upload upload = upload_new();
    upload.chunk = 500000;
    assert_null(upload_bytes(&ana, &upload, file, used));
    assert_int_equal(world.err.reason, REASON_IMPORT_TOO_LARGE);
    assert_int_equal(contacts_of(&ana), 0);
}

static void an_upload_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    assert_null(upload_chunk(&ana, &upload, (32 << 20) - 1, "xx", 2, false));
    assert_int_equal(world.err.reason, REASON_IMPORT_TOO_LARGE);
    static char big[524289];
    assert_null(upload_chunk(&ana, &upload, 0, big, sizeof(big), false));
    assert_int_equal(world.err.reason, REASON_FIELD_INVALID);
}

/* ---- uploads --------------------------------------------------------------------------------- */

static const char small_file[] = HEADER "Zoë,Öberg,linkedin.com/in/zoe,,Blue,Coach,27 Jul 2024\n";
enum { SMALL = sizeof(small_file) - 1, HALF = 40 };

static void a_file_may_come_in_chunks_of_any_size(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    upload.chunk = 7;
    check(upload_bytes(&ana, &upload, small_file, SMALL), "1 1 0 0 0 0 0");
}

static void progress_is_told_while_chunks_arrive(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    const Kith__V1__Import *import = upload_chunk(&ana, &upload, 0, small_file, HALF, false);
    assert_non_null(import);
    assert_int_equal(import->state, KITH__V1__IMPORT_STATE__IMPORT_STATE_UPLOADING);
    assert_int_equal(import->bytes_received, HALF);
    assert_int_equal(contacts_of(&ana), 0);
}

static void a_chunk_sent_twice_is_taken_once(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    assert_non_null(upload_chunk(&ana, &upload, 0, small_file, HALF, false));
    const Kith__V1__Import *again = upload_chunk(&ana, &upload, 0, small_file, HALF, false);
    assert_non_null(again);
    assert_int_equal(again->bytes_received, HALF);
    check(
        upload_chunk(&ana, &upload, HALF, small_file + HALF, SMALL - HALF, true), "1 1 0 0 0 0 0");
    /* The last one, too: the same report, no second import. */
    check(
        upload_chunk(&ana, &upload, HALF, small_file + HALF, SMALL - HALF, true), "1 1 0 0 0 0 0");
    assert_int_equal(events_of(&ana), 1);
}

static void check_misplaced(
    const struct upload *upload, size_t offset, size_t len, const char *words)
{
    assert_null(upload_chunk(&ana, upload, offset, small_file, len, false));
    assert_int_equal(world.err.reason, REASON_IMPORT_CHUNK_MISPLACED);
    assert_non_null(strstr(world.err.msg, words));
}

static void a_chunk_out_of_place_is_refused_with_the_place(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    check_misplaced(&upload, 10, 5, "stands at 0");
    assert_non_null(upload_chunk(&ana, &upload, 0, small_file, HALF, false));
    check_misplaced(&upload, HALF + 1, 5, "stands at 40");
    check_misplaced(&upload, HALF - 1, 5, "stands at 40");
    assert_null(
        upload_chunk(&ana, &upload, 0, "other bytes of the same length, not the sam", HALF, false));
    assert_int_equal(world.err.reason, REASON_IMPORT_CHUNK_MISPLACED);
}

static void beside_four_unfinished_uploads_no_other_begins(void **state)
{
    (void)state;
    struct upload open[4], fifth = upload_new();
    for (size_t i = 0; i < 4; i++) {
        open[i] = upload_new();
        assert_non_null(upload_chunk(&ana, &open[i], 0, small_file, HALF, false));
    }
    assert_null(upload_chunk(&ana, &fifth, 0, small_file, HALF, false));
    assert_int_equal(world.err.reason, REASON_IMPORT_TOO_MANY);
    assert_non_null(strstr(world.err.msg, "last chunk"));
    assert_non_null(upload_chunk(&ana, &open[0], 0, small_file, HALF, false)); /* sent twice */
    check(
        upload_chunk(&ana, &open[0], HALF, small_file + HALF, SMALL - HALF, true), "1 1 0 0 0 0 0");
    check(upload_bytes(&ana, &fifth, small_file, SMALL), "1 0 0 1 0 0 0");
}

static void a_finished_import_takes_no_more_chunks(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    check(upload_bytes(&ana, &upload, small_file, SMALL), "1 1 0 0 0 0 0");
    assert_null(upload_chunk(&ana, &upload, SMALL, "x", 1, false));
    assert_int_equal(world.err.reason, REASON_IMPORT_CLOSED);
}

static void dry_run_stays_the_same_for_all_chunks(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    assert_non_null(upload_chunk(&ana, &upload, 0, small_file, HALF, false));
    upload.is_dry_run = true;
    assert_null(upload_chunk(&ana, &upload, HALF, small_file + HALF, SMALL - HALF, true));
    assert_int_equal(world.err.reason, REASON_FIELD_INVALID);
    assert_string_equal(world.err.field, "dry_run");
}

static void a_format_must_be_named(void **state)
{
    (void)state;
    Kith__V1__ImportFileRequest in = KITH__V1__IMPORT_FILE_REQUEST__INIT;
    struct upload upload = upload_new();
    in.import_id = upload.id;
    (void)world_refused(ana.client, "ImportFile", &in, REASON_FIELD_INVALID);
    assert_string_equal(world.err.field, "format");
}

static void a_dry_run_reports_the_same_and_writes_nothing(void **state)
{
    (void)state;
    size_t len = 0;
    const char *bytes = upload_read(SAMPLES "/Connections.csv", &len);
    struct upload dry = upload_new();
    dry.is_dry_run = true;
    const Kith__V1__Import *import = upload_bytes(&ana, &dry, bytes, len);
    assert_non_null(import);
    assert_true(import->dry_run);
    check(import, "326 320 0 0 6 6 0");
    assert_int_equal(contacts_of(&ana), 0);
    assert_int_equal(events_of(&ana), 0);
}

struct racer {
    const char *bytes;
    size_t len;
    uint32_t created;
};

/* Uses nothing of the world that the other thread uses. */
static void *import_alone(void *arg)
{
    struct racer *racer = arg;
    struct upload upload = upload_new();
    struct arena arena;
    struct err err = {0};
    ProtobufCMessage *out = NULL;
    Kith__V1__ImportFileRequest in = KITH__V1__IMPORT_FILE_REQUEST__INIT;
    in.import_id = upload.id;
    in.format = KITH__V1__IMPORT_FORMAT__IMPORT_FORMAT_LINKEDIN_CONNECTIONS;
    in.chunk.data = (uint8_t *)(uintptr_t)racer->bytes;
    in.chunk.len = racer->len;
    in.is_last = true;
    arena_init(&arena, 1 << 20);
    if (rpc_client_call(ana.client, "/kith.v1.ContactService/ImportFile", NULL, &in.base, &arena,
            &out, &err) == ERR_OK)
        racer->created = ((Kith__V1__ImportFileResponse *)(void *)out)->import->created;
    arena_fini(&arena);
    return NULL;
}

static void two_imports_at_once_make_no_contact_twice(void **state)
{
    (void)state;
    struct racer racers[2] = {{.created = 1}, {.created = 1}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        racers[i].bytes = upload_read(SAMPLES "/Connections.csv", &racers[i].len);
        assert_int_equal(pthread_create(&threads[i], NULL, import_alone, &racers[i]), 0);
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(racers[0].created + racers[1].created, 320);
    assert_int_equal(contacts_of(&ana), 320);
}

static void another_members_upload_does_not_exist(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    assert_non_null(upload_chunk(&ana, &upload, 0, small_file, HALF, false));
    Kith__V1__GetImportRequest in = KITH__V1__GET_IMPORT_REQUEST__INIT;
    in.import_id = upload.id;
    (void)world_refused(bo.client, "GetImport", &in, REASON_IMPORT_NOT_FOUND);
    assert_null(upload_chunk(&bo, &upload, HALF, small_file + HALF, SMALL - HALF, true));
    assert_int_equal(world.err.reason, REASON_IMPORT_CHUNK_MISPLACED);
    assert_int_equal(contacts_of(&bo), 0);
}

static void half_an_upload_leaves_no_contact_and_goes_on_after_a_restart(void **state)
{
    (void)state;
    struct upload upload = upload_new();
    size_t half = SMALL - 5;
    assert_non_null(upload_chunk(&ana, &upload, 0, small_file, half, false));
    world_restart();
    assert_int_equal(contacts_of(&ana), 0);
    check(
        upload_chunk(&ana, &upload, half, small_file + half, SMALL - half, true), "1 1 0 0 0 0 0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_demo_export_imports_and_the_same_file_twice_adds_nothing),
        TEST(every_layout_and_variant_of_ours_imports_and_is_found_again),
        TEST(exports_kept_beside_the_project_import_as_well),
        TEST(commas_semicolons_and_tabs_say_the_same),
        TEST(a_cut_off_file_imports_up_to_the_cut),
        TEST(windows_1252_becomes_readable),
        TEST(an_older_export_is_completed_by_a_newer_one),
        TEST(what_is_new_updates_and_what_is_missing_stays),
        TEST(people_of_one_name_at_two_addresses_are_two),
        TEST(a_person_named_twice_in_a_file_is_one_contact),
        TEST(rows_that_mean_one_known_contact_change_it_once),
        TEST(names_alone_are_reported_as_weak),
        TEST(skipped_rows_are_listed_up_to_a_hundred),
        TEST(what_a_row_says_and_nobody_can_read_is_named),
        TEST(unread_fields_are_counted_all_and_listed_up_to_a_hundred),
        TEST(a_batch_border_changes_nothing),
        TEST(a_file_of_another_format_is_refused_with_the_header_seen),
        TEST(a_header_beyond_the_twentieth_record_is_not_looked_for),
        TEST(a_file_without_contacts_is_an_error),
        TEST(too_many_rows_are_refused_and_nothing_is_imported),
        TEST(an_upload_beyond_the_limit_is_refused),
        TEST(a_file_may_come_in_chunks_of_any_size),
        TEST(progress_is_told_while_chunks_arrive),
        TEST(a_chunk_sent_twice_is_taken_once),
        TEST(a_chunk_out_of_place_is_refused_with_the_place),
        TEST(beside_four_unfinished_uploads_no_other_begins),
        TEST(a_finished_import_takes_no_more_chunks),
        TEST(dry_run_stays_the_same_for_all_chunks),
        TEST(a_format_must_be_named),
        TEST(a_dry_run_reports_the_same_and_writes_nothing),
        TEST(two_imports_at_once_make_no_contact_twice),
        TEST(another_members_upload_does_not_exist),
        TEST(half_an_upload_leaves_no_contact_and_goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
