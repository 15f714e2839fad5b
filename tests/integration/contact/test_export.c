/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ExportContacts through the real server: all of an address book, and nothing of another's.
 */
#include "rpc/client_stream.h"
#include "two_members.h"

#include <stdlib.h>
#include <string.h>

/* So many contacts with an employer, a title and so many facts each. */
static void know(const struct person *owner, int n_contacts, int n_facts)
{
    char *sql = arena_printf(&world.arena,
        "WITH made AS (INSERT INTO contact.contact "
        "(member_id, contact_id, name, name_fold, company, company_fold, position, position_fold) "
        "SELECT '%s', gen_random_uuid(), 'Person ' || n, 'person ' || n, 'Reef', 'reef', "
        "'Diver', 'diver' FROM generate_series(1, %d) AS n RETURNING contact_id) "
        "INSERT INTO contact.fact (member_id, fact_id, contact_id, kind, value, value_fold, source,"
        " confidence) SELECT '%s', gen_random_uuid(), contact_id, 6, repeat('v', 190) || n, "
        "repeat('v', 190) || n, 1, 1 FROM made, generate_series(1, %d) AS n",
        owner->id, n_contacts, owner->id, n_facts);
    assert_non_null(sql);
    test_sql(world.admin, sql);
}

static struct rpc_stream *begin(struct rpc_client *client, const char *cursor)
{
    Kith__V1__ExportContactsRequest in = KITH__V1__EXPORT_CONTACTS_REQUEST__INIT;
    uint8_t packed[128];
    in.cursor = (char *)(uintptr_t)cursor;
    const struct db_bytes bytes = {packed, protobuf_c_message_pack(&in.base, packed)};
    struct rpc_stream *stream = NULL;
    assert_ok(rpc_stream_open(&stream, client, "/kith.v1.ContactService/ExportContacts", NULL,
                  &bytes, &world.err),
        &world.err);
    return stream;
}

/* The next one, to be freed; NULL at the end. */
static Kith__V1__ExportContactsResponse *next(struct rpc_stream *stream)
{
    enum rpc_next what = RPC_NEXT_NONE;
    struct db_bytes item;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    assert_ok(rpc_stream_next(stream, 30000, &arena, &what, &item, &world.err), &world.err);
    assert_int_not_equal(what, RPC_NEXT_NONE);
    Kith__V1__ExportContactsResponse *message = NULL;
    if (what == RPC_NEXT_ITEM)
        message = kith__v1__export_contacts_response__unpack(NULL, item.len, item.data);
    assert_true(what == RPC_NEXT_END || message);
    arena_fini(&arena);
    return message;
}

/* Reads at most `max` and returns how many there were; each has so many facts. */
static int read_some(struct rpc_stream *stream, int max, size_t n_facts, char cursor[ID_TEXT_SIZE])
{
    int n = 0;
    Kith__V1__ExportContactsResponse *item;
    while (n < max && (item = next(stream)) != NULL) {
        assert_true(strcmp(item->contact->id, cursor) > 0); /* in order, so none comes twice */
        assert_string_equal(item->cursor, item->contact->id);
        assert_int_equal(item->contact->n_facts, n_facts);
        (void)snprintf(cursor, ID_TEXT_SIZE, "%s", item->cursor);
        kith__v1__export_contacts_response__free_unpacked(item, NULL);
        n++;
    }
    return n;
}

static void an_export_has_every_contact_once_with_all_its_facts(void **state)
{
    (void)state;
    char cursor[ID_TEXT_SIZE] = "";
    know(&ana, 1000, 7);
    struct rpc_stream *stream = begin(ana.client, "");
    assert_int_equal(read_some(stream, 2000, 7 + 2, cursor), 1000);
    rpc_stream_close(stream);
}

static void an_export_goes_on_behind_its_cursor(void **state)
{
    (void)state;
    char cursor[ID_TEXT_SIZE] = "";
    know(&ana, 300, 1);
    struct rpc_stream *stream = begin(ana.client, "");
    assert_int_equal(read_some(stream, 123, 1 + 2, cursor), 123);
    rpc_stream_close(stream);
    stream = begin(ana.client, cursor);
    assert_int_equal(read_some(stream, 1000, 1 + 2, cursor), 177);
    rpc_stream_close(stream);
}

static void contacts_with_very_many_facts_fit(void **state)
{
    (void)state;
    char cursor[ID_TEXT_SIZE] = "";
    know(&ana, 20, 1200);
    struct rpc_stream *stream = begin(ana.client, "");
    assert_int_equal(read_some(stream, 1000, 1000, cursor), 20);
    rpc_stream_close(stream);
}

static void nobody_exports_what_is_anothers(void **state)
{
    (void)state;
    char cursor[ID_TEXT_SIZE] = "";
    know(&ana, 5, 0);
    struct rpc_stream *stream = begin(bo.client, "");
    assert_int_equal(read_some(stream, 1000, 0, cursor), 0);
    rpc_stream_close(stream);
}

static void who_may_not_read_exports_nothing(void **state)
{
    (void)state;
    enum rpc_next what;
    struct db_bytes item;
    struct rpc_client *const strangers[] = {world.anybody, world.operator_, world.peer};
    const enum err_reason reasons[] = {
        REASON_TOKEN_MISSING, REASON_CALLER_NOT_ALLOWED, REASON_CALLER_NOT_ALLOWED};
    for (size_t i = 0; i < 3; i++) {
        struct rpc_stream *stream = begin(strangers[i], "");
        assert_int_not_equal(
            rpc_stream_next(stream, 30000, &world.arena, &what, &item, &world.err), ERR_OK);
        assert_int_equal(world.err.reason, reasons[i]);
        rpc_stream_close(stream);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_export_has_every_contact_once_with_all_its_facts),
        TEST(an_export_goes_on_behind_its_cursor),
        TEST(contacts_with_very_many_facts_fit),
        TEST(nobody_exports_what_is_anothers),
        TEST(who_may_not_read_exports_nothing),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
