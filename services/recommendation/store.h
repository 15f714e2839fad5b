/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store: asks, decisions and answers in the database. Strings of results live in the arena given;
 * REPLY_TOO_LARGE when that is full.
 */
#pragma once

#include "queue/queue.h"

/* A contact as she stands in her owner's address book now. */
struct store_person {
    struct id contact;
    struct id member; /* zero: no member */
    const char *name;
    const char *company;
    const char *position;
};

struct store_people {
    struct store_person *items;
    size_t n;
};

/* Those of the contacts that are in the address book of `owner`, in any order. */
MUST_USE enum err_code store_list_people(struct db_session *db, struct arena *arena,
    const struct id *owner, const struct id *contacts, size_t n, struct store_people *out,
    struct err *err);

struct store_decision {
    struct id id;
    const char *question;
    int64_t decided_us;
    int64_t considered;
    struct db_bytes record; /* kith.v1.DecisionRecord */
};

MUST_USE enum err_code store_add_decision(struct db_session *db, const struct id *member,
    const struct store_decision *decision, struct err *err);

/* DECISION_NOT_FOUND unless it is the member's own. */
MUST_USE enum err_code store_get_decision(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *decision, struct store_decision *out,
    struct err *err);

/* An ask, seen by its asker or by who was asked. */
struct store_ask {
    struct id id;
    const char *question;
    int64_t asked_us;
    int64_t state;          /* kith.v1.AskState; for who was asked, kith.v1.TargetState of hers */
    struct id decision;     /* the asker's view only */
    struct id asker;        /* the view of who was asked only */
    const char *asker_name; /* likewise */
};

struct store_asks {
    struct store_ask *items;
    size_t n;
};

struct store_target {
    struct id ask;
    struct id contact;
    struct id member;
    const char *name;
    int64_t state; /* kith.v1.TargetState */
    const char *reason;
};

struct store_targets {
    struct store_target *items;
    size_t n;
};

struct store_answer {
    struct id id;
    const char *name; /* as the reader knows who answered; NULL in her own view */
    const char *text;
    int64_t answered_us;
};

struct store_answers {
    struct store_answer *items;
    size_t n;
};

/* Decision, both sides of the ask and its event, or nothing. CONTACT_NOT_REACHABLE if the contact
 * stopped being that member meanwhile. */
MUST_USE enum err_code store_add_ask(struct db_session *db, const struct id *asker,
    const struct store_decision *decision, const struct id *ask, const struct store_target *target,
    const struct queue_outgoing *event, struct err *err);

/* ASK_NOT_FOUND unless `member` asked it. */
MUST_USE enum err_code store_get_ask(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *ask, struct store_ask *out, struct err *err);

/* ASK_NOT_FOUND unless `member` was asked it. */
MUST_USE enum err_code store_get_received(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *ask, struct store_ask *out, struct err *err);

/* Which asks to list: those before `before` (NULL: from the newest), at most `limit`. */
struct store_page {
    const struct id *before;
    bool only_open;
    int64_t limit;
};

MUST_USE enum err_code store_list_asks(struct db_session *db, struct arena *arena,
    const struct id *member, const struct store_page *page, struct store_asks *out,
    struct err *err);
MUST_USE enum err_code store_list_received(struct db_session *db, struct arena *arena,
    const struct id *member, const struct store_page *page, struct store_asks *out,
    struct err *err);

MUST_USE enum err_code store_list_targets(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *asks, size_t n, struct store_targets *out,
    struct err *err);

/* To the asker: all answers. */
MUST_USE enum err_code store_list_answers(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *ask, struct store_answers *out, struct err *err);

/* To who was asked: her own. */
MUST_USE enum err_code store_list_given_answers(struct db_session *db, struct arena *arena,
    const struct id *member, const struct id *ask, struct store_answers *out, struct err *err);

/* Both sides and the event, or nothing. ASK_NOT_TARGET if she answered or passed before. */
MUST_USE enum err_code store_answer(struct db_session *db, const struct id *member,
    const struct id *ask, const struct store_answer *answer, const struct queue_outgoing *event,
    struct err *err);
MUST_USE enum err_code store_pass(struct db_session *db, const struct id *member,
    const struct id *ask, int64_t now_us, const struct queue_outgoing *event, struct err *err);
