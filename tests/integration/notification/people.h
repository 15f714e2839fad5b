/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members, contacts and asks of other services, as rows a test puts there itself.
 */
#pragma once

#include "db_test.h"
#include "ids/ids.h"

/* Run `fmt` as the superuser. */
static inline void people_sql(
    struct db *admin, const char *fmt, const char *a, const char *b, const char *c)
{
    char text[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(text, sizeof(text), fmt, a, b, c);
#pragma GCC diagnostic pop
    test_sql(admin, text);
}

struct person {
    struct id id;
    char text[ID_TEXT_SIZE];
};

static inline struct person people_new_id(void)
{
    struct person p = {id_new(clock_system()), ""};
    id_format(&p.id, p.text);
    return p;
}

static inline struct person people_new_member(struct db *admin, const char *name)
{
    struct person p = people_new_id();
    people_sql(admin,
        "INSERT INTO contact.member (member_id, name, email, is_email_verified, time_zone) "
        "VALUES ('%s', '%s', '%s@example.org', true, 'UTC')",
        p.text, name, p.text);
    return p;
}

/* `owner` has `other` in her address book under `name`. */
static inline void people_know(
    struct db *admin, const struct person *owner, const struct person *other, const char *name)
{
    people_sql(admin,
        "INSERT INTO contact.contact (member_id, contact_id, name, name_fold, linked_member_id) "
        "VALUES ('%1$s', gen_random_uuid(), '%3$s', lower('%3$s'), '%2$s')",
        owner->text, other->text, name);
}
