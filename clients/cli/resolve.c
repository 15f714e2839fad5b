/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve.h"

#include "ids/ids.h"
#include "view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { PIECE_MIN = 8, CHOICES = 10 };

static const char ellipsis[] = "\xE2\x80\xA6";

bool resolve_is_id(const char *typed)
{
    struct id id;
    return id_parse(typed, &id);
}

static const char *without_ellipsis(const char *typed)
{
    size_t len = strlen(ellipsis);
    return strncmp(typed, ellipsis, len) == 0 ? typed + len : typed;
}

bool resolve_is_piece(const char *typed)
{
    const char *piece = without_ellipsis(typed);
    size_t len = strlen(piece);
    return len >= PIECE_MIN && len <= ID_TEXT_SIZE - 1 &&
           strspn(piece, "0123456789abcdefABCDEF-") == len;
}

bool resolve_is_code(const char *typed)
{
    enum { LETTERS = 16 };
    int n = 0;
    for (const char *c = typed; *c != '\0'; c++) {
        if (*c != '-' && *c != ' ' && !isalnum((unsigned char)*c))
            return false;
        n += isalnum((unsigned char)*c) ? 1 : 0;
    }
    return n == LETTERS;
}

bool resolve_fits(const char *id, const char *typed)
{
    const char *piece = without_ellipsis(typed);
    size_t n = strlen(id);
    size_t len = strlen(piece);
    if (len > n)
        return false;
    return strncasecmp(id, piece, len) == 0 || strcasecmp(id + n - len, piece) == 0;
}

/* Lower case, without accents. To be freed. */
static char *folded(const char *text)
{
    utf8proc_uint8_t *out = NULL;
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)text, 0, &out,
        (utf8proc_option_t)(UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                            UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK));
    return len < 0 ? strdup("") : (char *)out;
}

int resolve_name_fits(const char *name, const char *typed)
{
    char *a = folded(name);
    char *b = folded(typed);
    int fits = 0;
    if (a != NULL && b != NULL && *b != '\0')
        fits = strcmp(a, b) == 0 ? 2 : strstr(a, b) != NULL;
    free(a);
    free(b);
    return fits;
}

/* ---- searching a list ------------------------------------------------------------------------ */

struct search {
    const char *typed;
    const char *label; /* key of what a person knows it by */
    bool by_name;
    json_t *found[CHOICES];
    size_t n_found; /* may be more than kept */
    bool is_exact;  /* the first one is the whole name */
};

static bool consider(struct cli *cli, json_t *element, void *arg)
{
    (void)cli;
    struct search *s = arg;
    int fits = s->by_name ? resolve_name_fits(view_raw(element, s->label), s->typed)
                          : resolve_fits(view_raw(element, "id"), s->typed);
    bool is_better = fits == 2 && !s->is_exact;
    if (is_better) {
        s->n_found = 0;
        s->is_exact = true;
    }
    if (fits == 0 || (s->is_exact && fits != 2))
        return true;
    for (size_t i = 0; i < s->n_found && i < CHOICES; i++)
        if (strcmp(view_raw(s->found[i], "id"), view_raw(element, "id")) == 0)
            return true;
    if (s->n_found < CHOICES)
        s->found[s->n_found] = element;
    s->n_found++;
    return true;
}

static void show_choices(struct cli *cli, const struct search *s)
{
    if (cli->is_json)
        return;
    for (size_t i = 0; i < s->n_found && i < CHOICES; i++) {
        const char *about = view_text(cli, s->found[i], "company");
        (void)fprintf(stderr, "  %s  %s%s%s\n", view_id(cli, view_raw(s->found[i], "id")),
            view_text(cli, s->found[i], s->label), *about == '\0' ? "" : ", ", about);
    }
    if (s->n_found > CHOICES)
        (void)fprintf(stderr, "  and %zu more\n", s->n_found - CHOICES);
}

static const char *the_one(struct cli *cli, const struct search *s, const char *what)
{
    if (s->n_found == 1)
        return view_raw(s->found[0], "id");
    if (s->n_found == 0)
        return NULL;
    const char *next = "name one of these, by more of its name or by its id";
    (void)cli_refuse(cli, STATUS_USAGE, next, "\"%s\" fits %zu %s", s->typed, s->n_found, what);
    show_choices(cli, s);
    return NULL;
}

/* ---- contacts -------------------------------------------------------------------------------- */

/* The service looks for them: an address book may have tens of thousands. */
static bool each_contact(struct cli *cli, const char *filter, const char *typed, struct search *s)
{
    return cli_each(cli, "ContactService/ListContacts", json_pack("{s:s}", filter, typed),
        "contacts", 0, consider, s);
}

const char *resolve_contact(struct cli *cli, const char *typed)
{
    if (resolve_is_id(typed))
        return typed;
    struct search by_id = {.typed = typed, .label = "name"};
    if (resolve_is_piece(typed) && !each_contact(cli, "idPart", without_ellipsis(typed), &by_id))
        return NULL;
    if (by_id.n_found > 0)
        return the_one(cli, &by_id, "contacts");
    struct search by_name = {.typed = typed, .label = "name", .by_name = true};
    if (!each_contact(cli, "name", typed, &by_name))
        return NULL;
    if (by_name.n_found > 0)
        return the_one(cli, &by_name, "contacts");
    if (!each_contact(cli, "query", typed, &by_name))
        return NULL;
    if (by_name.n_found > 0)
        return the_one(cli, &by_name, "contacts");
    (void)cli_refuse(cli, STATUS_NOT_FOUND, "kith contacts lists yours",
        "there is no contact \"%s\" in your address book", view_clean(cli, typed, false));
    return NULL;
}

/* ---- asks ------------------------------------------------------------------------------------ */

static bool each_ask(struct cli *cli, bool to_me, int64_t limit, each_fn *each, void *arg)
{
    return cli_each(cli, "RecommendationService/ListAsks", json_pack("{s:b}", "toMe", to_me),
        "asks", limit, each, arg);
}

static bool keep_newest(struct cli *cli, json_t *ask, void *arg)
{
    (void)cli;
    json_t **newest = arg;
    if (*newest == NULL || view_int(ask, "askedUs") > view_int(*newest, "askedUs"))
        *newest = ask;
    return true;
}

/* What somebody answers or passes on is what waits for her, not what she has done already. */
static const char *last_waiting(struct cli *cli)
{
    json_t *newest = NULL;
    json_t *in = json_pack("{s:b,s:b}", "toMe", 1, "onlyOpen", 1);
    if (!cli_each(cli, "RecommendationService/ListAsks", in, "asks", 1, keep_newest, &newest))
        return NULL;
    if (newest != NULL)
        return view_raw(newest, "id");
    (void)cli_refuse(cli, STATUS_NOT_FOUND, "kith asks --to-me lists those you have answered",
        "no question waits for your answer");
    return NULL;
}

static const char *last_ask(struct cli *cli)
{
    json_t *newest = NULL;
    if (!each_ask(cli, true, 1, keep_newest, &newest) ||
        !each_ask(cli, false, 1, keep_newest, &newest))
        return NULL;
    if (newest != NULL)
        return view_raw(newest, "id");
    (void)cli_refuse(cli, STATUS_NOT_FOUND, "kith ask \"…\" sends one", "there are no asks yet");
    return NULL;
}

const char *resolve_ask(struct cli *cli, const char *typed, enum resolve_scope scope)
{
    if (resolve_is_id(typed))
        return typed;
    if (strcmp(typed, "last") == 0)
        return scope == RESOLVE_ANY_ASK ? last_ask(cli) : last_waiting(cli);
    if (!resolve_is_piece(typed)) {
        (void)cli_refuse(cli, STATUS_USAGE, "kith asks, kith asks --to-me",
            "\"%s\" is no id of an ask, nor 8 digits of one, nor \"last\"",
            view_clean(cli, typed, false));
        return NULL;
    }
    struct search search = {.typed = typed, .label = "question"};
    if (!each_ask(cli, true, 0, consider, &search))
        return NULL;
    if (scope == RESOLVE_ANY_ASK && !each_ask(cli, false, 0, consider, &search))
        return NULL;
    if (search.n_found > 0)
        return the_one(cli, &search, "asks");
    (void)cli_refuse(cli, STATUS_NOT_FOUND, "kith asks, kith asks --to-me",
        "there is no ask with \"%s\" in its id", typed);
    return NULL;
}

/* ---- tokens and imports ---------------------------------------------------------------------- */

/* What a list method of the contact service gives. */
struct listed {
    const char *method, *list;
    const char *label;   /* key of what a person knows it by */
    bool is_named;       /* by that, too; else only by its id */
    const char *command; /* shows them */
};

static const char *resolve_listed(struct cli *cli, const char *typed, const struct listed *in)
{
    if (resolve_is_id(typed))
        return typed;
    struct search search = {.typed = typed, .label = in->label};
    search.by_name = in->is_named && !resolve_is_piece(typed);
    if (!cli_each(cli, in->method, NULL, in->list, 0, consider, &search))
        return NULL;
    if (search.n_found > 0)
        return the_one(cli, &search, in->list);
    (void)cli_refuse(cli, STATUS_NOT_FOUND, arena_printf(&cli->arena, "%s lists them", in->command),
        "none of your %s is \"%s\"", in->list, view_clean(cli, typed, false));
    return NULL;
}

const char *resolve_token(struct cli *cli, const char *typed)
{
    return resolve_listed(cli, typed,
        &(struct listed){"ContactService/ListTokens", "tokens", "label", true, "kith token list"});
}

const char *resolve_import(struct cli *cli, const char *typed)
{
    return resolve_listed(cli, typed,
        &(struct listed){
            "ContactService/ListImports", "imports", "fileName", false, "kith imports"});
}

/* ---- invitations ----------------------------------------------------------------------------- */

static bool consider_received(struct cli *cli, json_t *invitation, void *arg)
{
    return view_is(invitation, "isOutgoing") || consider(cli, invitation, arg);
}

bool resolve_invitation(struct cli *cli, const char *typed, const char **id, const char **code)
{
    *id = "";
    *code = "";
    if (resolve_is_id(typed)) {
        *id = typed;
        return true;
    }
    struct search search = {.typed = typed, .label = "name"};
    search.by_name = !resolve_is_piece(typed);
    if (!cli_each(cli, "ContactService/ListInvitations", NULL, "invitations", 0, consider_received,
            &search))
        return false;
    if (search.n_found == 0 && !resolve_is_code(typed)) {
        (void)cli_refuse(cli, STATUS_NOT_FOUND,
            arena_printf(&cli->arena,
                "take the code she gave you: kith %s ABCD-EFGH-JKLM-NPQR; kith invitations lists "
                "what needs none",
                cli->command->name),
            "no invitation of \"%s\" has reached your inbox", view_clean(cli, typed, false));
        return false;
    }
    if (search.n_found == 0) {
        *code = typed; /* the service knows whether it is one */
        return true;
    }
    *id = the_one(cli, &search, "invitations");
    return *id != NULL;
}
