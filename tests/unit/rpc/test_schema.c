/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/schema.h"
#include "rpc/wire.h"
#include "unit_test.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/queue.pb-c.h>

#include <kith/v1/services.h>
#include <stdio.h>
#include <string.h>

static struct schema *schema;

static int make_schema(void **state)
{
    (void)state;
    struct err err;
    assert_ok(schema_new(&schema, &err), &err);
    return 0;
}

static int drop_schema(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

static void every_method_of_the_proto_files_has_its_rules(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t s = 0; kith_v1_services[s]; s++) {
        for (unsigned m = 0; m < kith_v1_services[s]->n_methods; m++, n++) {
            char name[256];
            (void)snprintf(name, sizeof(name), "/%s/%s", kith_v1_services[s]->name,
                kith_v1_services[s]->methods[m].name);
            const struct schema_method *method = schema_find_name(schema, name);
            assert_non_null(method);
            assert_string_equal(method->name, name);
            assert_ptr_equal(method->in->type, kith_v1_services[s]->methods[m].input);
            assert_true(method->callers != 0 && method->default_timeout_ms > 0);
            assert_ptr_equal(schema_find(schema, wire_method_hash(name)), method);
        }
    }
    assert_int_equal(n, schema_count(schema));
}

static void policies_are_those_of_the_proto_file(void **state)
{
    (void)state;
    const struct schema_method *get = schema_find_name(schema, "/kith.v1.ContactService/GetMember");
    assert_int_equal(
        get->callers, 1 << RPC_CALLER_MEMBER | 1 << RPC_CALLER_OPERATOR | 1 << RPC_CALLER_SERVICE);
    assert_int_equal(get->scope, RPC_SCOPE_READ);
    assert_true(get->is_idempotent);
    const struct schema_method *import =
        schema_find_name(schema, "/kith.v1.ContactService/ImportFile");
    assert_int_equal(import->default_timeout_ms, 120000);
    assert_int_equal(import->scope, RPC_SCOPE_WRITE);
}

static void limits_reach_nested_messages(void **state)
{
    (void)state;
    const struct schema_method *deliver = schema_find_name(schema, "/kith.v1.QueueService/Deliver");
    assert_int_equal(deliver->in->fields[1].max_items, 500);
    const struct schema_message *event = deliver->in->fields[1].message;
    assert_ptr_equal(event->type, &kith__v1__event__descriptor);
    assert_true(event->fields[0].is_uuid);
    assert_int_equal(event->fields[0].min_bytes, 36);
    assert_int_equal(event->fields[5].max_bytes, 16384);
}

static void unknown_methods_are_not_found(void **state)
{
    (void)state;
    assert_null(schema_find_name(schema, "/kith.v1.ContactService/Nothing"));
    assert_null(schema_find(schema, 12345));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_of_the_proto_files_has_its_rules),
        cmocka_unit_test(policies_are_those_of_the_proto_file),
        cmocka_unit_test(limits_reach_nested_messages),
        cmocka_unit_test(unknown_methods_are_not_found),
    };
    return cmocka_run_group_tests(tests, make_schema, drop_schema);
}
