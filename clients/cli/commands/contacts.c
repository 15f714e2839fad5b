/* SPDX-License-Identifier: Apache-2.0 */
/* The address book: contacts and what is known of them. */
#include "commands.h"
#include "resolve.h"
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 50 }; /* on a terminal; a pipe gets them all */

struct listing {
    struct view_table table;
    int64_t n;
};

/* "Head Swim Coach, Blue Marlin Swim Club" */
static const char *work_of(struct cli *cli, const json_t *contact)
{
    const char *position = view_text(cli, contact, "position");
    const char *company = view_text(cli, contact, "company");
    bool has_both = *position != '\0' && *company != '\0';
    const char *text = arena_printf(&cli->arena, "%s%s%s", position, has_both ? ", " : "", company);
    return text == NULL ? "" : text;
}

static const char *tie_of(const json_t *contact)
{
    if (view_is(contact, "isConnected"))
        return "connected";
    return *view_raw(contact, "memberId") == '\0' ? "" : "member";
}

static bool add_contact(struct cli *cli, json_t *contact, void *arg)
{
    struct listing *listing = arg;
    listing->n++;
    if (cli_emit(cli, contact))
        return true;
    const char *cells[] = {view_id(cli, view_raw(contact, "id")), view_text(cli, contact, "name"),
        work_of(cli, contact), tie_of(contact)};
    view_row(&listing->table, cells);
    return true;
}

/* "50 of 320 contacts", and how to see the rest. */
static void show_number(struct cli *cli, int64_t n, const char *query)
{
    const json_t *last_page = json_array_get(cli->kept, json_array_size(cli->kept) - 1);
    int64_t total = view_int(last_page, "total");
    const char *tag = cli_option(cli, "tag");
    if (total <= n) {
        cli_note(cli, "%s", view_count(cli, n, "contact", "contacts"));
        return;
    }
    cli_note(cli, "%" PRId64 " of %s", n, view_count(cli, total, "contact", "contacts"));
    cli_next(cli, "kith contacts%s%s%s%s%s --limit 0", tag == NULL ? "" : " --tag ",
        tag == NULL ? "" : tag, *query == '\0' ? "" : " \"", query, *query == '\0' ? "" : "\"");
}

enum status run_contacts(struct cli *cli)
{
    static const struct view_column columns[] = {{"id", VIEW_DIM, false, false},
        {"name", VIEW_BOLD, false, true}, {"work", VIEW_PLAIN, false, true},
        {"", VIEW_DIM, false, false}};
    struct listing listing = {.table = view_table(cli, columns, 4)};
    const char *query = cli_operands_from(cli, 0);
    int64_t limit = 0;
    if (!cli_limit(cli, cli->is_terminal && !cli->is_json ? SHOWN : 0, &limit))
        return cli->status;
    json_t *in = json_pack("{s:s,s:s*}", "query", query, "tag", cli_option(cli, "tag"));
    if (!cli_each(cli, "ContactService/ListContacts", in, "contacts", limit, add_contact, &listing))
        return cli->status;
    view_print(&listing.table);
    bool is_filtered = *query != '\0' || cli_has(cli, "tag");
    if (listing.n > 0)
        show_number(cli, listing.n, query);
    else
        cli_note(cli, is_filtered ? "no contact fits" : "no contacts yet");
    if (listing.n == 0 && !is_filtered)
        cli_next(cli, "kith import linkedin Connections.csv");
    return STATUS_OK;
}

static void show_contact(struct cli *cli, const json_t *contact)
{
    static const struct view_column columns[] = {
        {"", VIEW_DIM, false, false}, {"", VIEW_PLAIN, false, true}, {"", VIEW_DIM, false, false}};
    struct view_table table = view_table(cli, columns, 3);
    const json_t *facts = json_object_get(contact, "facts");
    const char *tie = tie_of(contact);
    const char *work = work_of(cli, contact);
    cli_say(cli, "%s%s%s%s%s", cli->bold, view_text(cli, contact, "name"), cli->plain,
        *work == '\0' ? "" : "  ", work);
    cli_note(cli, "%s%s%s", view_raw(contact, "id"), *tie == '\0' ? "" : "  ", tie);
    const char *const about[][2] = {{"e-mail", view_text(cli, contact, "email")},
        {"profile", view_text(cli, contact, "profileUrl")},
        {"connected", view_ago(cli, view_int(contact, "connectedUs"))}};
    for (size_t i = 0; i < 3; i++) {
        const char *cells[] = {about[i][0], about[i][1], ""};
        if (*about[i][1] != '\0')
            view_row(&table, cells);
    }
    for (size_t i = 0; i < json_array_size(facts); i++) {
        const json_t *fact = json_array_get(facts, i);
        const char *source = view_enum(cli, fact, "source", "FACT_SOURCE_");
        const char *cells[] = {view_enum(cli, fact, "kind", "FACT_KIND_"),
            view_text(cli, fact, "value"), strcmp(source, "self") == 0 ? "says so herself" : ""};
        view_row(&table, cells);
    }
    view_print(&table);
}

static json_t *get_contact(struct cli *cli, const char *typed)
{
    const char *id = resolve_contact(cli, typed);
    if (id == NULL)
        return NULL;
    json_t *reply = cli_call(cli, "ContactService/GetContact", json_pack("{s:s}", "contactId", id));
    return reply == NULL ? NULL : json_object_get(reply, "contact");
}

enum status run_contact_show(struct cli *cli)
{
    const json_t *contact = get_contact(cli, cli_operands_from(cli, 0));
    if (contact == NULL)
        return cli->status;
    if (!cli_emit(cli, contact))
        show_contact(cli, contact);
    return STATUS_OK;
}

/* ---- facts ----------------------------------------------------------------------------------- */

enum status run_fact_add(struct cli *cli)
{
    const char *kind = fact_kind(cli, cli_operand(cli, 1));
    const char *sure = cli_option(cli, "confidence");
    char *end = NULL;
    double confidence = sure == NULL ? 1 : strtod(sure, &end);
    if (kind == NULL)
        return cli->status;
    if (sure != NULL && (*end != '\0' || !(confidence > 0 && confidence <= 1)))
        return cli_refuse(
            cli, STATUS_USAGE, NULL, "--confidence: more than 0 and at most 1, not \"%s\"", sure);
    const char *id = resolve_contact(cli, cli_operand(cli, 0));
    if (id == NULL)
        return cli->status;
    const json_t *reply = cli_call(cli, "ContactService/AddFact",
        json_pack("{s:s,s:{s:s,s:s,s:f}}", "contactId", id, "fact", "kind", kind, "value",
            cli_operands_from(cli, 2), "confidence", confidence));
    const json_t *fact = json_object_get(reply, "fact");
    if (reply == NULL)
        return cli->status;
    if (!cli_emit(cli, fact))
        cli_say(cli, "Noted: %s %s%s%s", view_enum(cli, fact, "kind", "FACT_KIND_"), cli->bold,
            view_text(cli, fact, "value"), cli->plain);
    return STATUS_OK;
}

/* By id, a piece of one, or its value. */
static const char *find_fact(struct cli *cli, const json_t *contact, const char *typed)
{
    const json_t *facts = json_object_get(contact, "facts");
    const char *found = NULL;
    for (size_t i = 0; i < json_array_size(facts); i++) {
        const json_t *fact = json_array_get(facts, i);
        const char *id = view_raw(fact, "id");
        bool fits = (resolve_is_piece(typed) && resolve_fits(id, typed)) ||
                    resolve_name_fits(view_raw(fact, "value"), typed) == 2;
        if (fits && found != NULL) {
            (void)cli_refuse(cli, STATUS_USAGE, "give the id: kith contact show --json CONTACT",
                "\"%s\" fits several facts", typed);
            return NULL;
        }
        found = fits ? id : found;
    }
    if (found == NULL)
        (void)cli_refuse(cli, STATUS_NOT_FOUND, "kith contact show CONTACT lists them",
            "%s has no fact \"%s\"", view_text(cli, contact, "name"), typed);
    return found;
}

enum status run_fact_remove(struct cli *cli)
{
    const json_t *contact = get_contact(cli, cli_operand(cli, 0));
    const char *fact = contact == NULL ? NULL : find_fact(cli, contact, cli_operand(cli, 1));
    if (fact == NULL)
        return cli->status;
    const json_t *reply = cli_call(cli, "ContactService/RemoveFact",
        json_pack("{s:s,s:s}", "contactId", view_raw(contact, "id"), "factId", fact));
    if (reply == NULL)
        return cli->status;
    if (!cli_emit(cli, reply))
        cli_say(cli, "Taken back");
    return STATUS_OK;
}

enum status run_link(struct cli *cli)
{
    const char *id = resolve_contact(cli, cli_operand(cli, 0));
    if (id == NULL)
        return cli->status;
    const json_t *reply = cli_call(cli, "ContactService/LinkContact",
        json_pack("{s:s,s:s*}", "contactId", id, "invitationCode", cli_option(cli, "code")));
    const json_t *contact = json_object_get(reply, "contact");
    if (reply == NULL)
        return cli->status;
    if (cli_emit(cli, contact))
        return STATUS_OK;
    const char *name = view_text(cli, contact, "name");
    cli_say(cli, "%s%s%s is linked to a member and can be asked", cli->bold, name, cli->plain);
    cli_next(cli, "kith ask --to \"%s\" \"…\", kith invite \"%s\"", name, name);
    return STATUS_OK;
}
