/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contacts, their facts and links in the database.
 */
#pragma once

#include "domain/page_token.h"
#include "queue/queue.h"
#include "store.h"

struct contact {
    struct id id;
    const char *name;
    const char *email;
    const char *profile_url;
    const char *company;
    const char *position;
    const char *name_fold;   /* what lists are sorted by */
    int64_t connected_us;    /* 0: unknown */
    struct id linked_member; /* zero: not linked */
    bool is_connected;
    struct facts facts;
};

struct contacts {
    struct contact *items;
    size_t n;
};

/* Which contacts to list; texts without case and accents, NULL: any. */
struct contact_query {
    struct id member;
    const char *tag;
    const char *text;
    const char *id_part;               /* beginning or end of an id, lower case */
    const char *name;                  /* a whole one */
    const struct page_position *after; /* behind this one; NULL: from the beginning */
    int64_t limit;
};

/* In order of name, with the first five facts of each. */
MUST_USE enum err_code store_list_contacts(struct db_session *db, struct arena *arena,
    const struct contact_query *query, struct contacts *out, struct err *err);

/* The next few after this one, in order of id, with all their facts. */
MUST_USE enum err_code store_export_contacts(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *after, struct contacts *out, struct err *err);

/* On all pages. */
MUST_USE enum err_code store_count_contacts(
    struct db_session *db, const struct contact_query *query, int64_t *out, struct err *err);

/* With all its facts. CONTACT_NOT_FOUND. */
MUST_USE enum err_code store_get_contact(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *contact, struct contact *out, struct err *err);

/* CONTACT_NOT_FOUND, FACT_EXISTS. */
MUST_USE enum err_code store_add_fact(struct db_session *db, const struct id *member,
    const struct id *contact, const struct fact *fact, const struct queue_outgoing *event,
    struct err *err);

/* CONTACT_NOT_FOUND, FACT_NOT_FOUND. */
MUST_USE enum err_code store_remove_fact(struct db_session *db, const struct id *member,
    const struct id *contact, const struct id *fact, const struct queue_outgoing *event,
    struct err *err);

/* The member whose proven address the contact has, if they know each other; zero: nobody. */
MUST_USE enum err_code store_find_member_by_email(struct db_session *db, const struct id *member,
    const struct id *contact, struct id *out, struct err *err);

/* *is_linked: false when contact or other member is linked otherwise. */
MUST_USE enum err_code store_link_contact(struct db_session *db, const struct id *member,
    const struct id *contact, const struct id *other, const struct queue_outgoing *event,
    bool *is_linked, struct err *err);
