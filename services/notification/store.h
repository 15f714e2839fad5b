/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store: members' notifications in the database. Results live in the arena given.
 */
#pragma once

#include "db/db.h"
#include "domain/title.h"

/* One thing a member is told. */
struct notice {
    struct id id; /* of the event that caused it */
    struct id member;
    struct id actor;
    struct id subject;
    enum notice_kind kind;
    int64_t created_us;
    int64_t read_us;        /* 0: not yet */
    int64_t seq;            /* its number in the member's inbox */
    const char *actor_name; /* as the member knows her; NULL: not known */
    const char *question;   /* of the ask it is about; NULL: none */
};

struct notices {
    struct notice *items;
    size_t n;
    int64_t newest; /* highest number given out in this inbox; 0: none yet */
    int64_t unread; /* of the whole inbox; only from store_list */
};

/* *is_new: false when the member was told of this event before. */
MUST_USE enum err_code store_add(
    struct db_session *db, const struct notice *notice, bool *is_new, struct err *err);

/* Which notifications to list: those numbered below `before`, at most `limit`. */
struct store_page {
    int64_t before;
    bool only_unread;
    int64_t limit;
};

/* Newest first. */
MUST_USE enum err_code store_list(struct db_session *db, struct arena *arena,
    const struct id *member, const struct store_page *page, struct notices *out, struct err *err);

/* Oldest first, those numbered above `after`. */
MUST_USE enum err_code store_watch(struct db_session *db, struct arena *arena,
    const struct id *member, int64_t after, int64_t limit, struct notices *out, struct err *err);

struct newest {
    struct id *members;
    int64_t *seqs;
    size_t n;
};

/* The highest number given out in the inbox of each of these members who has one. */
MUST_USE enum err_code store_newest(struct db_session *db, struct arena *arena,
    const struct id *members, size_t n_members, struct newest *out, struct err *err);

/* What to mark as read. */
struct store_marking {
    const struct id *ids;
    size_t n_ids;
    const struct id *up_to; /* NULL: only `ids` */
    int64_t now_us;
};

/* NOTIFICATION_NOT_FOUND when `up_to` is not in the inbox. */
MUST_USE enum err_code store_mark_read(struct db_session *db, const struct id *member,
    const struct store_marking *what, int64_t *marked, struct err *err);
