/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accessors. A `struct kith_ask` is never defined: its pointers are pointers to generated messages
 * in a result, so that no generated layout becomes part of the library's binary interface.
 */
#include "internal.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/recommendation.pb-c.h>

/* One accessor: a member of the message behind the pointer; `none` for NULL. */
#define GET(Type, fn, Struct, Message, member, none)     \
    Type fn(const struct Struct *view)                   \
    {                                                    \
        const Message *message = (const void *)view;     \
        return message == NULL ? none : message->member; \
    }

#define GET_TEXT(view, Message, member) \
    GET(const char *, kith_##view##_##member, kith_##view, Message, member, "")

GET_TEXT(contact, Kith__V1__Contact, id)
GET_TEXT(contact, Kith__V1__Contact, name)
GET_TEXT(contact, Kith__V1__Contact, email)
GET_TEXT(contact, Kith__V1__Contact, company)
GET_TEXT(contact, Kith__V1__Contact, position)
GET_TEXT(contact, Kith__V1__Contact, member_id)
GET(bool, kith_contact_is_connected, kith_contact, Kith__V1__Contact, is_connected, false)

GET(uint32_t, kith_import_rows, kith_import, Kith__V1__Import, rows, 0)
GET(uint32_t, kith_import_created, kith_import, Kith__V1__Import, created, 0)
GET(uint32_t, kith_import_updated, kith_import, Kith__V1__Import, updated, 0)
GET(uint32_t, kith_import_unchanged, kith_import, Kith__V1__Import, unchanged, 0)
GET(uint32_t, kith_import_skipped, kith_import, Kith__V1__Import, skipped, 0)
GET(size_t, kith_import_skip_count, kith_import, Kith__V1__Import, n_skips, 0)

uint32_t kith_import_skip_row(const struct kith_import *view, size_t i)
{
    const Kith__V1__Import *import = (const void *)view;
    return i < kith_import_skip_count(view) ? import->skips[i]->row : 0;
}

const char *kith_import_skip_reason(const struct kith_import *view, size_t i)
{
    const Kith__V1__Import *import = (const void *)view;
    return i < kith_import_skip_count(view) ? import->skips[i]->reason : "";
}

GET(uint32_t, kith_import_incomplete, kith_import, Kith__V1__Import, incomplete, 0)
GET(size_t, kith_import_gap_count, kith_import, Kith__V1__Import, n_gaps, 0)

/* NULL beyond the last. */
static const Kith__V1__ImportGap *gap_at(const struct kith_import *view, size_t i)
{
    const Kith__V1__Import *import = (const void *)view;
    return i < kith_import_gap_count(view) ? import->gaps[i] : NULL;
}

uint32_t kith_import_gap_row(const struct kith_import *view, size_t i)
{
    const Kith__V1__ImportGap *gap = gap_at(view, i);
    return gap == NULL ? 0 : gap->row;
}

const char *kith_import_gap_column(const struct kith_import *view, size_t i)
{
    const Kith__V1__ImportGap *gap = gap_at(view, i);
    return gap == NULL ? "" : gap->column;
}

const char *kith_import_gap_reason(const struct kith_import *view, size_t i)
{
    const Kith__V1__ImportGap *gap = gap_at(view, i);
    return gap == NULL ? "" : gap->reason;
}

GET_TEXT(candidate, Kith__V1__Candidate, contact_id)
GET_TEXT(candidate, Kith__V1__Candidate, name)
GET_TEXT(candidate, Kith__V1__Candidate, headline)
GET_TEXT(candidate, Kith__V1__Candidate, reason)
GET(bool, kith_candidate_is_reachable, kith_candidate, Kith__V1__Candidate, is_reachable, false)
GET(double, kith_candidate_score, kith_candidate, Kith__V1__Candidate, score, 0)

GET_TEXT(ask, Kith__V1__Ask, id)
GET_TEXT(ask, Kith__V1__Ask, question)
GET_TEXT(ask, Kith__V1__Ask, asker_name)
GET(bool, kith_ask_is_mine, kith_ask, Kith__V1__Ask, is_mine, false)
GET(int64_t, kith_ask_asked_us, kith_ask, Kith__V1__Ask, asked_us, 0)
GET(size_t, kith_ask_target_count, kith_ask, Kith__V1__Ask, n_targets, 0)
GET(size_t, kith_ask_answer_count, kith_ask, Kith__V1__Ask, n_answers, 0)

enum kith_ask_state kith_ask_state(const struct kith_ask *view)
{
    const Kith__V1__Ask *ask = (const void *)view;
    return (enum kith_ask_state)(ask == NULL ? 0 : ask->state);
}

const struct kith_target *kith_ask_target(const struct kith_ask *view, size_t i)
{
    const Kith__V1__Ask *ask = (const void *)view;
    return i < kith_ask_target_count(view) ? (const void *)ask->targets[i] : NULL;
}

const struct kith_answer_entry *kith_ask_answer(const struct kith_ask *view, size_t i)
{
    const Kith__V1__Ask *ask = (const void *)view;
    return i < kith_ask_answer_count(view) ? (const void *)ask->answers[i] : NULL;
}

GET_TEXT(target, Kith__V1__Target, contact_id)
GET_TEXT(target, Kith__V1__Target, name)
GET_TEXT(target, Kith__V1__Target, reason)

GET_TEXT(answer_entry, Kith__V1__AnswerEntry, name)
GET_TEXT(answer_entry, Kith__V1__AnswerEntry, text)
GET(int64_t, kith_answer_entry_answered_us, kith_answer_entry, Kith__V1__AnswerEntry, answered_us,
    0)

GET_TEXT(notification, Kith__V1__Notification, id)
GET_TEXT(notification, Kith__V1__Notification, subject_id)
GET_TEXT(notification, Kith__V1__Notification, title)
GET(int64_t, kith_notification_created_us, kith_notification, Kith__V1__Notification, created_us, 0)

enum kith_notification_kind kith_notification_kind(const struct kith_notification *view)
{
    const Kith__V1__Notification *notification = (const void *)view;
    return (enum kith_notification_kind)(notification == NULL ? 0 : notification->kind);
}

bool kith_notification_is_read(const struct kith_notification *view)
{
    const Kith__V1__Notification *notification = (const void *)view;
    return notification != NULL && notification->read_us != 0;
}
