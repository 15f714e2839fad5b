/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "resolve.h"
#include "view.h"

#include <string.h>

/* Kith delivers to the inbox of a contact linked to a member, and nowhere else. */
static bool has_inbox(struct cli *cli, const char *contact_id)
{
    struct kith_error *ignored = NULL;
    const json_t *reply = cli_try(cli, "ContactService/GetContact",
        json_pack("{s:s}", "contactId", contact_id), NULL, &ignored);
    kith_error_free(ignored);
    return *view_raw(json_object_get(reply, "contact"), "memberId") != '\0';
}

/* What the inviter knows, and what she may copy into a letter to the invited. */
static void show_sent(struct cli *cli, const json_t *invitation, const char *contact_id)
{
    const char *name = view_text(cli, invitation, "name");
    const char *code = view_text(cli, invitation, "code");
    cli_say(cli, "Invited %s%s%s; her code is %s%s%s", cli->bold, name, cli->plain, cli->bold, code,
        cli->plain);
    if (has_inbox(cli, contact_id)) {
        cli_note(cli, "It is in the inbox of %s; the code does the same.", name);
        return;
    }
    cli_note(
        cli, "Kith does not know %s as a member and can not deliver it. Send it yourself:", name);
    cli_say(cli,
        "\n    I would like to have you in my network on Kith. If you are a member, type\n"
        "        kith accept %s\n"
        "    If you are new here, type\n"
        "        kith member add \"%s\" YOUR@E-MAIL --invitation %s --save-as me\n"
        "    The code is for you alone and good until %s.\n",
        code, name, code, view_ago(cli, view_int(invitation, "expiresUs")));
}

enum status run_invite(struct cli *cli)
{
    const char *id = resolve_contact(cli, cli_operand(cli, 0));
    if (id == NULL)
        return cli->status;
    const json_t *reply = cli_call(cli, "ContactService/SendInvitation",
        json_pack("{s:s,s:s*}", "contactId", id, "note", cli_option(cli, "note")));
    const json_t *invitation = json_object_get(reply, "invitation");
    if (reply == NULL)
        return cli->status;
    if (cli_emit(cli, invitation))
        return STATUS_OK;
    if (cli->is_quiet)
        (void)printf("%s\n", view_raw(invitation, "code"));
    else
        show_sent(cli, invitation, id);
    return STATUS_OK;
}

struct listing {
    struct view_table table;
    int n;
    bool has_received; /* one that waits for an answer */
};

static bool add_invitation(struct cli *cli, json_t *invitation, void *arg)
{
    struct listing *listing = arg;
    listing->n++;
    if (cli_emit(cli, invitation))
        return true;
    bool is_outgoing = view_is(invitation, "isOutgoing");
    const char *state = view_enum(cli, invitation, "state", "INVITATION_STATE_");
    bool is_pending = strcmp(state, "pending") == 0;
    listing->has_received = listing->has_received || (is_pending && !is_outgoing);
    const char *cells[] = {view_id(cli, view_raw(invitation, "id")), is_outgoing ? "to" : "from",
        view_text(cli, invitation, "name"), state, view_ago(cli, view_int(invitation, "sentUs")),
        is_pending ? view_text(cli, invitation, "code") : "", view_text(cli, invitation, "note")};
    view_row(&listing->table, cells);
    return true;
}

enum status run_invitations(struct cli *cli)
{
    static const struct view_column columns[] = {{"id", VIEW_DIM, false, false},
        {"", VIEW_DIM, false, false}, {"name", VIEW_BOLD, false, true},
        {"state", VIEW_PLAIN, false, false}, {"sent", VIEW_PLAIN, false, false},
        {"code", VIEW_PLAIN, false, false}, {"note", VIEW_PLAIN, false, true}};
    struct listing listing = {.table = view_table(cli, columns, 7)};
    json_t *in = json_pack("{s:b}", "includeClosed", cli_has(cli, "all"));
    if (!cli_each(
            cli, "ContactService/ListInvitations", in, "invitations", 0, add_invitation, &listing))
        return cli->status;
    view_print(&listing.table);
    if (listing.n == 0)
        cli_note(cli, "no invitations");
    if (listing.has_received)
        cli_next(cli, "kith accept NAME, kith decline NAME");
    return STATUS_OK;
}

/* An invitation by its id or its code, as both answers to it take it. */
static json_t *named_invitation(struct cli *cli, const char **id)
{
    const char *code = NULL;
    if (!resolve_invitation(cli, cli_operand(cli, 0), id, &code))
        return NULL;
    return json_pack("{s:s,s:s}", "invitationId", *id, "code", code);
}

enum status run_accept(struct cli *cli)
{
    const char *invitation = "";
    json_t *in = named_invitation(cli, &invitation);
    const json_t *reply = in == NULL ? NULL : cli_call(cli, "ContactService/AcceptInvitation", in);
    const json_t *contact = json_object_get(reply, "contact");
    if (reply == NULL)
        return cli->status;
    inbox_mark_subject(cli, invitation);
    if (cli_emit(cli, contact))
        return STATUS_OK;
    const char *name = view_text(cli, contact, "name");
    cli_say(cli, "You and %s%s%s are connected", cli->bold, name, cli->plain);
    cli_next(cli, "kith ask --to \"%s\" \"…\"", name);
    return STATUS_OK;
}

enum status run_decline(struct cli *cli)
{
    const char *invitation = "";
    json_t *in = named_invitation(cli, &invitation);
    const json_t *reply = in == NULL ? NULL : cli_call(cli, "ContactService/DeclineInvitation", in);
    if (reply == NULL)
        return cli->status;
    inbox_mark_subject(cli, invitation);
    if (!cli_emit(cli, reply))
        cli_say(cli, "Declined; the sender is not told");
    return STATUS_OK;
}
