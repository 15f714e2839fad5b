/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invitations, and the connections they end in, in the database.
 */
#pragma once

#include "queue/queue.h"
#include "store.h"

/* kith.v1.InvitationState. */
enum invitation_state {
    INVITATION_PENDING = 1,
    INVITATION_ACCEPTED = 2,
    INVITATION_DECLINED = 3,
    INVITATION_EXPIRED = 4
};

/* As one side sees it. */
struct invitation {
    struct id id;
    bool is_outgoing;
    struct id contact; /* zero: one from a stranger */
    const char *name;  /* of the other person */
    const char *note;
    const char *code; /* "" unless outgoing */
    int64_t state;
    int64_t sent_us;
    int64_t expires_us;
};

struct invitations {
    struct invitation *items;
    size_t n;
};

/* What lets somebody answer: whose invitation, and which. */
struct invitation_ref {
    struct id sender;
    struct id id;
};

/* The sender's side, locked until the answer is committed. */
struct invitation_lock {
    struct id other_member; /* whom it is for; zero: whoever has the code */
    struct id contact;
    const char *sender_name;
    int64_t state;
    struct id answered_by; /* zero: nobody */
    bool is_declined;
    bool is_expired;
};

/* `to` NULL: the contact is not linked to a member. *is_sent: false when one is open already. */
MUST_USE enum err_code store_send_invitation(struct db_session *db, const struct id *member,
    const struct invitation *invitation, const struct id *to, const struct queue_outgoing *event,
    bool *is_sent, struct err *err);

/* Which invitations to list. */
struct invitation_query {
    struct id member;
    bool include_closed;
    const struct id *after; /* behind this one; NULL: from the newest */
    int64_t limit;
};

/* Newest first. */
MUST_USE enum err_code store_list_invitations(struct db_session *db, struct arena *arena,
    const struct invitation_query *query, struct invitations *out, struct err *err);

/* INVITATION_NOT_FOUND. `code` as invitation_code_tidy() writes it. */
MUST_USE enum err_code store_find_invitation_by_code(
    struct db_session *db, const char *code, struct invitation_ref *out, struct err *err);

/* INVITATION_NOT_FOUND unless `member` received it. */
MUST_USE enum err_code store_find_invitation_received(struct db_session *db,
    const struct id *member, const struct id *invitation, struct invitation_ref *out,
    struct err *err);

/* INVITATION_NOT_FOUND. */
MUST_USE enum err_code store_lock_invitation(struct db_session *db, struct arena *arena,
    const struct invitation_ref *ref, struct invitation_lock *out, struct err *err);

/*
 * The owner's contact that is this member: linked to her, else `taken_for` (may be NULL), else one
 * with her proven address; zero: none.
 */
MUST_USE enum err_code store_find_contact_of_member(struct db_session *db, const struct id *owner,
    const struct id *member, const struct id *taken_for, struct id *out, struct err *err);

/* One side of a new connection. */
struct connection_side {
    const struct id *owner;
    const struct id *contact; /* the owner's; made if there is none of this id */
    const struct id *other;   /* the member it is */
    const char *name;         /* of the other, for a contact that has to be made */
};
/* TRANSACTION_CONFLICT when the contact was linked to another member meanwhile. */
MUST_USE enum err_code store_connect(struct db_session *db, const struct connection_side *side,
    const struct queue_outgoing *event, struct err *err);

/* Both rows of the invitation, given the contacts it is about for sender and acceptor. */
MUST_USE enum err_code store_accept_invitation(struct db_session *db,
    const struct invitation_ref *ref, const struct connection_side *sender,
    const struct connection_side *acceptor, const struct queue_outgoing *event, struct err *err);

/* The sender's row keeps the state she sees; `by` gets one of her own, declined. */
MUST_USE enum err_code store_decline_invitation(
    struct db_session *db, const struct invitation_ref *ref, const struct id *by, struct err *err);
