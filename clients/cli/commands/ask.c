/* SPDX-License-Identifier: Apache-2.0 */
/* Asking: who would be asked, asking, and what became of it. */
#include "commands.h"
#include "resolve.h"
#include "view.h"

#include <inttypes.h>
#include <string.h>

/* ---- candidates ------------------------------------------------------------------------------ */

static const char *join(struct cli *cli, const json_t *words, const char *between)
{
    const char *text = "";
    for (size_t i = 0; i < json_array_size(words) && text != NULL; i++)
        text = arena_printf(&cli->arena, "%s%s%s", text, i == 0 ? "" : between,
            view_clean(cli, json_string_value(json_array_get(words, i)), false));
    return text == NULL ? "" : text;
}

/* "snorkeling → skin diving → swimming: Head Swim Coach" */
static void show_evidence(struct cli *cli, const json_t *candidate)
{
    const json_t *all = json_object_get(candidate, "evidence");
    double sum = 0;
    int shown = 0; /* percent so far: rounded as a sum, so that all together are 100 */
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *evidence = json_array_get(all, i);
        const char *path = join(cli, json_object_get(evidence, "path"), " \xE2\x86\x92 ");
        const char *how = *path != '\0' ? path : view_enum(cli, evidence, "signal", "SIGNAL_");
        sum += view_real(evidence, "share") * 100;
        int percent = (int)(sum + 0.5) - shown;
        shown += percent;
        cli_note(cli, "     %3d %%  %s: %s (%s)", percent, how, view_text(cli, evidence, "text"),
            view_text(cli, evidence, "kind"));
    }
}

static void show_factors(struct cli *cli, const json_t *factors, const char *indent)
{
    for (size_t i = 0; i < json_array_size(factors); i++) {
        const json_t *factor = json_array_get(factors, i);
        cli_note(cli, "%s%-14s %6.3f  %s", indent, view_text(cli, factor, "name"),
            view_real(factor, "value"), view_text(cli, factor, "reason"));
    }
}

static void show_candidate(struct cli *cli, const json_t *candidate, bool in_full)
{
    const char *headline = view_text(cli, candidate, "headline");
    cli_say(cli, " %2" PRId64 ". %s%s%s%s%s%s", view_int(candidate, "rank"), cli->bold,
        view_text(cli, candidate, "name"), cli->plain, *headline == '\0' ? "" : ", ", headline,
        view_is(candidate, "isReachable") ? "" : "  (not reachable yet)");
    cli_say(cli, "     %s", view_text(cli, candidate, "reason"));
    if (!in_full)
        return;
    show_evidence(cli, candidate);
    show_factors(cli, json_object_get(candidate, "factors"), "     ");
    cli_note(cli, "     %-14s %6.3f", "score", view_real(candidate, "score"));
}

static void show_notes(struct cli *cli, const json_t *reply)
{
    const json_t *notes = json_object_get(reply, "notes");
    for (size_t i = 0; i < json_array_size(notes); i++)
        cli_note(cli, "%s", view_clean(cli, json_string_value(json_array_get(notes, i)), false));
}

/* The candidate whom `kith ask` would ask; NULL: nobody, or somebody further down. */
static const json_t *chosen_of(const json_t *reply)
{
    const json_t *candidates = json_object_get(reply, "candidates");
    const char *chosen = view_raw(reply, "chosenId");
    for (size_t i = 0; i < json_array_size(candidates); i++)
        if (strcmp(view_raw(json_array_get(candidates, i), "contactId"), chosen) == 0)
            return json_array_get(candidates, i);
    return NULL;
}

/* What of hers is in the way; its id is the last word. */
static void show_earlier(struct cli *cli, const json_t *reply, const char *question)
{
    cli_say(cli, "Nobody would be asked: %s", view_text(cli, reply, "earlier"));
    cli_next(cli, "kith ask --again \"%s\"", view_clean(cli, question, false));
}

/* What `kith ask` would do, and what to do instead if that is nothing. */
static void show_choice(struct cli *cli, const json_t *reply, const char *question)
{
    const json_t *best = json_array_get(json_object_get(reply, "candidates"), 0);
    const json_t *chosen = chosen_of(reply);
    if (*view_raw(reply, "chosenId") != '\0') {
        if (chosen != NULL && chosen != best)
            cli_say(
                cli, "%s would be asked, who fits nearly as well", view_text(cli, chosen, "name"));
        cli_next(cli, "kith ask \"%s\"", view_clean(cli, question, false));
    } else if (best != NULL) {
        cli_say(cli, "Nobody would be asked: %s, who fits best, can not be reached from here yet",
            view_text(cli, best, "name"));
        cli_next(cli, "kith invite \"%s\"", view_text(cli, best, "name"));
    } else {
        cli_say(cli, "Nobody would be asked: %s", view_text(cli, reply, "refusal"));
        if (view_int(reply, "considered") == 0)
            cli_next(cli, "kith import linkedin Connections.csv");
        else
            cli_next(cli, "kith ask --to CONTACT \"…\", kith fact add CONTACT expertise \"…\"");
    }
}

static enum status preview(struct cli *cli, const char *question)
{
    const json_t *reply = cli_call(
        cli, "RecommendationService/RouteQuestion", json_pack("{s:s}", "question", question));
    const json_t *candidates = json_object_get(reply, "candidates");
    if (reply == NULL || cli_emit(cli, reply))
        return reply == NULL ? cli->status : STATUS_OK;
    for (size_t i = 0; i < json_array_size(candidates); i++)
        show_candidate(cli, json_array_get(candidates, i), false);
    if (cli->is_verbose || json_array_size(candidates) == 0)
        show_notes(cli, reply);
    if (*view_raw(reply, "earlier") != '\0' && !cli_has(cli, "again"))
        show_earlier(cli, reply, question);
    else
        show_choice(cli, reply, question);
    return STATUS_OK;
}

/* ---- asking ---------------------------------------------------------------------------------- */

enum { OTHERS = 3 };

static bool is_target(const json_t *ask, const json_t *candidate)
{
    const json_t *target = json_array_get(json_object_get(ask, "targets"), 0);
    return strcmp(view_raw(candidate, "contactId"), view_raw(target, "contactId")) == 0;
}

/* "Ana, Bo (not reachable yet), Cleo"; if it is true of all, it is said once. */
static const char *names_of(struct cli *cli, const json_t *const people[], size_t n)
{
    static const char mark[] = " (not reachable yet)";
    bool some_reachable = false;
    for (size_t i = 0; i < n; i++)
        some_reachable = some_reachable || view_is(people[i], "isReachable");
    const char *text = "";
    for (size_t i = 0; i < n && text != NULL; i++) {
        bool is_marked = some_reachable ? !view_is(people[i], "isReachable") : i == n - 1;
        text = arena_printf(&cli->arena, "%s%s%s%s", text, i == 0 ? "" : ", ",
            view_text(cli, people[i], "name"), is_marked ? mark : "");
    }
    return text == NULL ? "" : text;
}

/* Who else was considered: one line, so that "nobody" and "somebody else" can be told apart. */
static void show_others(struct cli *cli, const json_t *ask)
{
    const char *decision = view_raw(ask, "decisionId");
    struct kith_error *error = NULL;
    if (*decision == '\0' || cli->is_quiet || cli->is_json)
        return;
    const json_t *reply = cli_try(cli, "RecommendationService/ExplainDecision",
        json_pack("{s:s}", "decisionId", decision), NULL, &error);
    kith_error_free(error); /* the ask is sent; this is only a courtesy */
    const json_t *candidates = json_object_get(reply, "candidates");
    const json_t *others[OTHERS];
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(candidates) && n < OTHERS; i++) {
        const json_t *candidate = json_array_get(candidates, i);
        if (!is_target(ask, candidate))
            others[n++] = candidate;
    }
    if (n > 0)
        cli_note(cli, "also considered: %s", names_of(cli, others, n));
}

static void show_targets(struct cli *cli, const json_t *ask, const char *verb)
{
    const json_t *targets = json_object_get(ask, "targets");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *target = json_array_get(targets, i);
        const char *state = view_enum(cli, target, "state", "TARGET_STATE_");
        cli_say(cli, "%s%s%s%s%s%s", verb, cli->bold, view_text(cli, target, "name"), cli->plain,
            strcmp(state, "asked") == 0 ? "" : ", who ", strcmp(state, "asked") == 0 ? "" : state);
        if (*view_raw(target, "reason") != '\0')
            cli_say(cli, "  %s", view_text(cli, target, "reason"));
    }
}

/* The last id in a text; NULL: none. */
static const char *id_in(struct cli *cli, const char *text)
{
    enum { UUID = 36 };
    for (size_t at = strlen(text) + 1; at-- > UUID;) {
        const char *id = arena_strndup(&cli->arena, text + at - UUID, UUID);
        if (id != NULL && resolve_is_id(id))
            return id;
    }
    return NULL;
}

/* Refusals name contacts by id, because what they say is logged too. A person wants the name. */
static enum status refused(struct cli *cli, struct kith_error *error)
{
    bool is_about_contact = strcmp(kith_error_reason(error), "CONTACT_NOT_REACHABLE") == 0;
    const char *id = is_about_contact ? id_in(cli, kith_error_message(error)) : NULL;
    if (id == NULL || cli->is_json)
        return cli_fail(cli, error);
    struct kith_error *ignored = NULL;
    const json_t *reply = cli_try(
        cli, "ContactService/GetContact", json_pack("{s:s}", "contactId", id), NULL, &ignored);
    kith_error_free(ignored);
    if (reply == NULL)
        return cli_fail(cli, error);
    kith_error_free(error);
    const char *name = view_text(cli, json_object_get(reply, "contact"), "name");
    return cli_refuse(cli, STATUS_CONFLICT,
        arena_printf(&cli->arena, "kith invite \"%s\"; once she accepts, ask again", name),
        cli_has(cli, "to") ? "%s can not be reached from here yet"
                           : "%s, who fits best, can not be reached from here yet",
        name);
}

enum status run_ask(struct cli *cli)
{
    const char *question = cli_operands_from(cli, 0);
    const char *to = cli_option(cli, "to");
    if (cli_has(cli, "dry-run"))
        return preview(cli, question);
    const char *contact = to == NULL ? NULL : resolve_contact(cli, to);
    if (to != NULL && contact == NULL)
        return cli->status;
    struct kith_error *error = NULL;
    if (cli_client(cli) == NULL)
        return cli->status;
    const json_t *reply = cli_try(cli, "RecommendationService/Ask",
        json_pack("{s:s,s:s*,s:b}", "question", question, "contactId", contact, "unlessAsked",
            !cli_has(cli, "again")),
        NULL, &error);
    if (reply == NULL)
        return refused(cli, error);
    const json_t *ask = json_object_get(reply, "ask");
    if (cli_emit(cli, ask))
        return STATUS_OK;
    if (cli->is_quiet) {
        (void)printf("%s\n", view_raw(ask, "id"));
        return STATUS_OK;
    }
    show_targets(cli, ask, "Asked ");
    show_others(cli, ask);
    cli_next(cli, "kith show %s", view_id(cli, view_raw(ask, "id")) + strlen("\xE2\x80\xA6"));
    return STATUS_OK;
}

/* ---- lists ----------------------------------------------------------------------------------- */

struct listing {
    struct view_table table;
    bool to_me;
    const char *waiting; /* id of the newest that waits for the caller */
    int n;
};

static bool add_ask(struct cli *cli, json_t *ask, void *arg)
{
    struct listing *listing = arg;
    listing->n++;
    if (cli_emit(cli, ask))
        return true;
    const json_t *target = json_array_get(json_object_get(ask, "targets"), 0);
    const char *state = view_enum(cli, ask, "state", "ASK_STATE_");
    if (listing->to_me && listing->waiting == NULL && strcmp(state, "open") == 0)
        listing->waiting = view_raw(ask, "id");
    const char *cells[] = {view_id(cli, view_raw(ask, "id")),
        view_ago(cli, view_int(ask, "askedUs")), state,
        listing->to_me ? view_text(cli, ask, "askerName") : view_text(cli, target, "name"),
        view_text(cli, ask, "question")};
    view_row(&listing->table, cells);
    return true;
}

enum status run_asks(struct cli *cli)
{
    static const struct view_column columns[] = {{"id", VIEW_DIM, false, false},
        {"asked", VIEW_PLAIN, false, false}, {"state", VIEW_PLAIN, false, false},
        {"who", VIEW_BOLD, false, true}, {"question", VIEW_PLAIN, false, true}};
    struct listing listing = {.table = view_table(cli, columns, 5), .to_me = cli_has(cli, "to-me")};
    int64_t limit = 0;
    if (!cli_limit(cli, 0, &limit))
        return cli->status;
    json_t *in = json_pack("{s:b,s:b}", "toMe", listing.to_me, "onlyOpen", cli_has(cli, "open"));
    if (!cli_each(cli, "RecommendationService/ListAsks", in, "asks", limit, add_ask, &listing))
        return cli->status;
    view_print(&listing.table);
    if (listing.n == 0)
        cli_note(cli, "%s", listing.to_me ? "nobody asks you anything" : "no questions yet");
    if (listing.waiting != NULL)
        cli_next(
            cli, "kith answer %s \"…\"", view_id(cli, listing.waiting) + strlen("\xE2\x80\xA6"));
    return STATUS_OK;
}

/* ---- one ask --------------------------------------------------------------------------------- */

static void show_answers(struct cli *cli, const json_t *ask)
{
    const json_t *answers = json_object_get(ask, "answers");
    for (size_t i = 0; i < json_array_size(answers); i++) {
        const json_t *answer = json_array_get(answers, i);
        cli_say(cli, "\n%s%s%s %s%s%s", cli->bold, view_text(cli, answer, "name"), cli->plain,
            cli->dim, view_ago(cli, view_int(answer, "answeredUs")), cli->plain);
        cli_say(cli, "%s", view_lines(cli, answer, "text"));
    }
}

static enum status show_decision(struct cli *cli, const json_t *ask)
{
    const char *decision = view_raw(ask, "decisionId");
    if (*decision == '\0')
        return cli_refuse(cli, STATUS_NOT_FOUND, NULL,
            "there is no decision to explain: you were asked, or named the contact yourself");
    const json_t *reply = cli_call(
        cli, "RecommendationService/ExplainDecision", json_pack("{s:s}", "decisionId", decision));
    if (reply == NULL || cli_emit(cli, reply))
        return reply == NULL ? cli->status : STATUS_OK;
    const json_t *candidates = json_object_get(reply, "candidates");
    cli_say(cli, "\nWhy: chosen among %s",
        view_count(cli, view_int(reply, "considered"), "contact", "contacts"));
    show_notes(cli, reply);
    bool with_all = cli_has(cli, "all");
    int64_t left_out = 0;
    for (size_t i = 0; i < json_array_size(candidates); i++) {
        const json_t *candidate = json_array_get(candidates, i);
        if (with_all || i < OTHERS || is_target(ask, candidate))
            show_candidate(cli, candidate, true);
        else
            left_out++;
    }
    if (left_out > 0)
        cli_note(cli, "     and %s, further behind", view_count(cli, left_out, "other", "others"));
    if (with_all) {
        cli_say(cli, "Parameters");
        show_factors(cli, json_object_get(reply, "parameters"), "  ");
    } else {
        cli_next(cli, "kith show %s --why --all",
            view_id(cli, view_raw(ask, "id")) + strlen("\xE2\x80\xA6"));
    }
    return STATUS_OK;
}

enum status run_show(struct cli *cli)
{
    const char *id = resolve_ask(cli, cli_operand(cli, 0), RESOLVE_ANY_ASK);
    if (id == NULL)
        return cli->status;
    const json_t *reply =
        cli_call(cli, "RecommendationService/GetAsk", json_pack("{s:s}", "askId", id));
    const json_t *ask = json_object_get(reply, "ask");
    if (reply == NULL)
        return cli->status;
    inbox_mark_subject(cli, id);
    bool with_why = cli_has(cli, "why");
    if (cli_emit(cli, ask))
        return with_why ? show_decision(cli, ask) : STATUS_OK;
    bool is_mine = view_is(ask, "isMine");
    const char *state = view_enum(cli, ask, "state", "ASK_STATE_");
    cli_say(cli, "%s%s%s", cli->bold, view_lines(cli, ask, "question"), cli->plain);
    cli_note(cli, "%s  %s %s, %s", view_raw(ask, "id"),
        is_mine ? "you asked" : view_text(cli, ask, "askerName"),
        view_ago(cli, view_int(ask, "askedUs")), state);
    show_targets(cli, ask, "asked ");
    show_answers(cli, ask);
    if (with_why)
        return show_decision(cli, ask);
    if (!is_mine && strcmp(state, "open") == 0)
        cli_next(cli, "kith answer %s \"…\"", view_id(cli, id) + strlen("\xE2\x80\xA6"));
    return STATUS_OK;
}
