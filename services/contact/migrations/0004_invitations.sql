-- An invitation, once per side and under the same id: the sender's row, and the row of the invited
-- member as soon as she is known.
CREATE TABLE contact.invitation (
    member_id uuid NOT NULL REFERENCES contact.member,
    invitation_id uuid NOT NULL,
    is_outgoing bool NOT NULL,
    -- Outgoing: the member it is for, NULL: whoever has the code. Incoming: who sent it.
    other_member_id uuid,
    contact_id uuid, -- the owner's contact it is about; NULL: one from a stranger
    note text NOT NULL,
    code text NOT NULL, -- '' in incoming rows
    state int4 NOT NULL, -- kith.v1.InvitationState, as this side may see it
    is_declined bool NOT NULL DEFAULT false, -- outgoing: closed, which the sender is not told
    answered_by uuid, -- outgoing
    sent_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, invitation_id)
);
CREATE UNIQUE INDEX invitation_open ON contact.invitation (member_id, contact_id)
    WHERE is_outgoing AND state = 1;

-- Reference, keyed by the value: whose invitation a code belongs to. Codes are stored as they are,
-- not hashed: their sender reads them again in ListInvitations, and one opens no more than a tie to
-- the very person who gave it away.
CREATE TABLE contact.invitation_code (
    code text PRIMARY KEY,
    member_id uuid NOT NULL,
    invitation_id uuid NOT NULL
);
