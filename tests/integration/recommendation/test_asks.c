/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking from end to end: two members, real PostgreSQL, every call over the wire.
 */
#include "decision.h"
#include "recommendation_sql.h"
#include "store.h"
#include "world.h"

static struct world w;
static struct someone mira, dana, zoe; /* mira knows dana, who is a swim coach; zoe is a stranger */
static struct id coach, chef;          /* mira's contacts; the chef is no member */

static char SNORKELING[] = "Which snorkeling mask and fins should I take on a trip to Hawaii?";

static int start(void **state)
{
    (void)state;
    world_start(&w, NULL, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_stop(&w);
    return 0;
}

static int meet(void **state)
{
    (void)state;
    mira = world_member(&w, "Mira Solberg");
    dana = world_member(&w, "Dana Whitlock");
    zoe = world_member(&w, "Zoe Adeyemi");
    coach =
        world_contact(&w, &mira, "Coach Dana", "Blue Marlin Swim Club", "Head Swim Coach", &dana);
    chef = world_contact(&w, &mira, "Luca Chef", "Copper Kettle", "Pastry Chef", NULL);
    (void)world_contact(&w, &mira, "Al Ledger", "Larkspur", "Accountant", NULL);
    (void)world_contact(&w, &dana, "Mira from choir", "", "", &mira);
    return 0;
}

static int part(void **state)
{
    (void)state;
    world_forget(&mira);
    world_forget(&dana);
    world_forget(&zoe);
    return 0;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static enum err_code try_route(const struct someone *who, const char *question, uint32_t max,
    Kith__V1__RouteQuestionResponse **out)
{
    Kith__V1__RouteQuestionRequest in = KITH__V1__ROUTE_QUESTION_REQUEST__INIT;
    in.question = arena_strdup(&w.arena, question);
    in.max_candidates = max;
    return WORLD_CALL(&w, who->client, RouteQuestion, &in, out);
}

static Kith__V1__RouteQuestionResponse *preview(const struct someone *who, const char *question)
{
    Kith__V1__RouteQuestionResponse *out = NULL;
    assert_ok(try_route(who, question, 0, &out), &w.err);
    return out;
}

static enum err_code try_ask(
    const struct someone *who, const char *question, const struct id *contact, Kith__V1__Ask **out)
{
    Kith__V1__AskRequest in = KITH__V1__ASK_REQUEST__INIT;
    Kith__V1__AskResponse *reply = NULL;
    char text[ID_TEXT_SIZE] = "";
    if (contact)
        id_format(contact, text);
    in.question = arena_strdup(&w.arena, question);
    in.contact_id = text;
    enum err_code code = WORLD_CALL(&w, who->client, Ask, &in, &reply);
    *out = reply ? reply->ask : NULL;
    return code;
}

static Kith__V1__Ask *ask(const struct someone *who, const char *question)
{
    Kith__V1__Ask *out = NULL;
    assert_ok(try_ask(who, question, NULL, &out), &w.err);
    return out;
}

static enum err_code try_get(const struct someone *who, char *ask_id, Kith__V1__Ask **out)
{
    Kith__V1__GetAskRequest in = KITH__V1__GET_ASK_REQUEST__INIT;
    Kith__V1__GetAskResponse *reply = NULL;
    in.ask_id = ask_id;
    enum err_code code = WORLD_CALL(&w, who->client, GetAsk, &in, &reply);
    *out = reply ? reply->ask : NULL;
    return code;
}

static Kith__V1__Ask *get(const struct someone *who, char *ask_id)
{
    Kith__V1__Ask *out = NULL;
    assert_ok(try_get(who, ask_id, &out), &w.err);
    return out;
}

static enum err_code try_answer(const struct someone *who, char *ask_id, char *text)
{
    Kith__V1__AnswerRequest in = KITH__V1__ANSWER_REQUEST__INIT;
    Kith__V1__AnswerResponse *out = NULL;
    in.ask_id = ask_id;
    in.text = text;
    return WORLD_CALL(&w, who->client, Answer, &in, &out);
}

static enum err_code try_pass(const struct someone *who, char *ask_id)
{
    Kith__V1__PassRequest in = KITH__V1__PASS_REQUEST__INIT;
    Kith__V1__PassResponse *out = NULL;
    in.ask_id = ask_id;
    return WORLD_CALL(&w, who->client, Pass, &in, &out);
}

static Kith__V1__ListAsksResponse *list(
    const struct someone *who, bool to_me, bool only_open, uint32_t size, const char *token)
{
    Kith__V1__ListAsksRequest in = KITH__V1__LIST_ASKS_REQUEST__INIT;
    Kith__V1__ListAsksResponse *out = NULL;
    in.to_me = to_me;
    in.only_open = only_open;
    in.page_size = size;
    in.page_token = arena_strdup(&w.arena, token);
    assert_ok(WORLD_CALL(&w, who->client, ListAsks, &in, &out), &w.err);
    return out;
}

static enum err_code try_explain(
    const struct someone *who, char *decision, Kith__V1__ExplainDecisionResponse **out)
{
    Kith__V1__ExplainDecisionRequest in = KITH__V1__EXPLAIN_DECISION_REQUEST__INIT;
    in.decision_id = decision;
    return WORLD_CALL(&w, who->client, ExplainDecision, &in, out);
}

#define assert_refused(call, why)                                                             \
    do {                                                                                      \
        assert_int_not_equal((call), ERR_OK);                                                 \
        assert_string_equal(err_reason_info(w.err.reason)->name, err_reason_info(why)->name); \
    } while (0)

static int64_t count_events(const char *kind, const struct someone *member)
{
    return world_sql_int(&w,
        "SELECT count(*) FROM recommendation.outbox WHERE kind = 'kith.v1.%s' AND member_id = '%s'",
        kind, member->text);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void every_statement_prepares_as_the_service(void **state)
{
    (void)state;
    struct err err = {0};
#define CHECK(stmt) assert_ok(db_check(w.service.db, &(stmt), &err), &err);
    RECOMMENDATION_SQL_ALL(CHECK)
#undef CHECK
}

static void a_preview_finds_the_coach_and_says_why(void **state)
{
    (void)state;
    Kith__V1__RouteQuestionResponse *r = preview(&mira, SNORKELING);
    assert_int_equal(r->considered, 3);
    assert_true(r->n_candidates >= 1);
    const Kith__V1__Candidate *c = r->candidates[0];
    assert_string_equal(c->name, "Coach Dana"); /* as mira's book has it */
    assert_string_equal(c->headline, "Head Swim Coach, Blue Marlin Swim Club");
    assert_true(c->is_reachable);
    assert_int_equal(c->rank, 1);
    assert_string_equal(
        c->reason, "Head Swim Coach: snorkeling is a kind of skin diving, a kind of swimming");
    assert_int_equal(c->n_factors, 3);
    assert_true(c->n_evidence >= 1);
    assert_int_equal(c->evidence[0]->n_path, 3);
    assert_string_equal(c->evidence[0]->path[1], "skin diving");
    assert_true(r->n_notes > 0);
    assert_int_equal(count_events("AskReceived", &dana), 0);
}

static void a_preview_shows_those_who_are_no_members(void **state)
{
    (void)state;
    Kith__V1__RouteQuestionResponse *r = preview(&mira, "Which butter makes pastry flaky?");
    assert_int_equal(r->n_candidates, 1);
    assert_string_equal(r->candidates[0]->name, "Luca Chef");
    assert_false(r->candidates[0]->is_reachable);
}

static void a_preview_lists_second_choices(void **state)
{
    (void)state;
    (void)world_contact(&w, &mira, "Pia Pool", "", "Lifeguard and Swimmer", NULL);
    Kith__V1__RouteQuestionResponse *r = preview(&mira, SNORKELING);
    assert_int_equal(r->n_candidates, 2);
    assert_string_equal(r->candidates[1]->name, "Pia Pool");
    assert_int_equal(r->candidates[1]->rank, 2);
    assert_true(r->candidates[0]->score >= r->candidates[1]->score);
    Kith__V1__RouteQuestionResponse *one = NULL;
    assert_ok(try_route(&mira, SNORKELING, 1, &one), &w.err);
    assert_int_equal(one->n_candidates, 1);
    assert_refused(try_route(&mira, SNORKELING, 51, &one), REASON_FIELD_INVALID);
    assert_string_equal(w.err.field, "max_candidates");
}

static void nobody_fits_is_an_answer(void **state)
{
    (void)state;
    Kith__V1__Ask *none = NULL;
    assert_int_equal(preview(&mira, "How often should sheep be shorn?")->n_candidates, 0);
    assert_refused(
        try_ask(&mira, "How often should sheep be shorn?", NULL, &none), REASON_NOBODY_FITS);
    assert_int_equal(preview(&zoe, SNORKELING)->considered, 0);
    assert_refused(try_ask(&zoe, SNORKELING, NULL, &none), REASON_NO_CONTACTS);
}

static void asking_tells_the_one_who_fits_best(void **state)
{
    (void)state;
    Kith__V1__Ask *a = ask(&mira, SNORKELING);
    assert_true(a->is_mine);
    assert_int_equal(a->state, KITH__V1__ASK_STATE__ASK_STATE_OPEN);
    assert_int_equal(a->n_targets, 1);
    assert_string_equal(a->targets[0]->name, "Coach Dana");
    assert_int_equal(a->targets[0]->state, KITH__V1__TARGET_STATE__TARGET_STATE_ASKED);
    assert_non_null(strstr(a->targets[0]->reason, "skin diving"));
    assert_int_equal(count_events("AskReceived", &dana), 1);
    Kith__V1__ListAsksResponse *waiting = list(&dana, true, true, 0, "");
    assert_int_equal(waiting->n_asks, 1);
    assert_string_equal(waiting->asks[0]->id, a->id);
    assert_string_equal(waiting->asks[0]->question, SNORKELING);
    assert_string_equal(
        waiting->asks[0]->asker_name, "Mira from choir"); /* as dana's book has it */
    assert_false(waiting->asks[0]->is_mine);
}

static void an_answer_comes_back(void **state)
{
    (void)state;
    char text[] = "A low-volume mask.\nShort fins fit into a bag.";
    Kith__V1__Ask *a = ask(&mira, SNORKELING);
    assert_ok(try_answer(&dana, a->id, text), &w.err);
    Kith__V1__Ask *seen = get(&mira, a->id);
    assert_int_equal(seen->state, KITH__V1__ASK_STATE__ASK_STATE_ANSWERED);
    assert_int_equal(seen->targets[0]->state, KITH__V1__TARGET_STATE__TARGET_STATE_ANSWERED);
    assert_int_equal(seen->n_answers, 1);
    assert_string_equal(seen->answers[0]->text, text);
    assert_string_equal(seen->answers[0]->name, "Coach Dana");
    assert_int_equal(count_events("AskAnswered", &mira), 1);
    Kith__V1__Ask *hers = get(&dana, a->id);
    assert_false(hers->is_mine);
    assert_int_equal(hers->n_answers, 1);
    assert_int_equal(hers->n_targets, 0);
    assert_string_equal(hers->decision_id, "");
    assert_int_equal(list(&dana, true, true, 0, "")->n_asks, 0);
    assert_int_equal(list(&mira, false, true, 0, "")->n_asks, 0);
}

static void one_reaction_counts(void **state)
{
    (void)state;
    char text[] = "Yes.";
    Kith__V1__Ask *a = ask(&mira, SNORKELING);
    assert_ok(try_answer(&dana, a->id, text), &w.err);
    assert_refused(try_answer(&dana, a->id, text), REASON_ASK_NOT_TARGET);
    assert_refused(try_pass(&dana, a->id), REASON_ASK_NOT_TARGET);
    assert_int_equal(get(&mira, a->id)->n_answers, 1);
    assert_int_equal(count_events("AskAnswered", &mira), 1);
    assert_int_equal(count_events("AskPassed", &mira), 0);
}

static void passing_is_told_too(void **state)
{
    (void)state;
    Kith__V1__Ask *a = ask(&mira, SNORKELING);
    assert_ok(try_pass(&dana, a->id), &w.err);
    assert_refused(try_pass(&dana, a->id), REASON_ASK_NOT_TARGET);
    Kith__V1__Ask *seen = get(&mira, a->id);
    assert_int_equal(seen->state, KITH__V1__ASK_STATE__ASK_STATE_PASSED);
    assert_int_equal(seen->targets[0]->state, KITH__V1__TARGET_STATE__TARGET_STATE_PASSED);
    assert_int_equal(count_events("AskPassed", &mira), 1);
}

static void a_named_contact_is_asked_whether_or_not_she_fits(void **state)
{
    (void)state;
    Kith__V1__Ask *a = NULL;
    assert_ok(try_ask(&mira, "How often should sheep be shorn?", &coach, &a), &w.err);
    assert_string_equal(a->targets[0]->name, "Coach Dana");
    assert_refused(try_ask(&mira, "Which butter makes pastry flaky?", &chef, &a),
        REASON_CONTACT_NOT_REACHABLE);
    assert_non_null(strstr(w.err.msg, "kith invite"));
    assert_refused(
        try_ask(&mira, "Which butter makes pastry flaky?", NULL, &a), REASON_CONTACT_NOT_REACHABLE);
    struct id foreign = world_contact(&w, &zoe, "Somebody", "", "Baker", &dana);
    assert_refused(
        try_ask(&mira, "Which butter makes pastry flaky?", &foreign, &a), REASON_CONTACT_NOT_FOUND);
}

static void nobody_who_fits_far_less_is_bothered_in_her_place(void **state)
{
    (void)state;
    char text[] = "The lake by the mill.";
    Kith__V1__Ask *a = NULL;
    assert_ok(try_ask(&mira, "Where could we swim in spring?", &coach, &a), &w.err);
    assert_ok(try_answer(&dana, a->id, text), &w.err);
    (void)world_contact(&w, &mira, "Zofia Abernathy", "", "Climbing Instructor", NULL);
    engine_contacts_changed(w.service.engine, &mira.id);
    world_settle(&w);
    Kith__V1__RouteQuestionResponse *r = preview(&mira, "Where could we go climbing in spring?");
    assert_string_equal(r->candidates[0]->name, "Zofia Abernathy");
    assert_true(r->n_candidates > 1); /* the coach speaks of spring */
    assert_string_equal(r->chosen_id, "");
    assert_non_null(strstr(r->refusal, "can not be reached from here yet"));
    assert_refused(try_ask(&mira, "Where could we go climbing in spring?", NULL, &a),
        REASON_CONTACT_NOT_REACHABLE);
    assert_string_equal(w.err.msg, r->refusal);
}

static void a_preview_says_whom_ask_asks(void **state)
{
    (void)state;
    char told[ID_TEXT_SIZE];
    id_format(&coach, told);
    Kith__V1__RouteQuestionResponse *r = preview(&mira, SNORKELING);
    assert_string_equal(r->chosen_id, told);
    assert_string_equal(r->refusal, "");
    assert_string_equal(ask(&mira, SNORKELING)->targets[0]->contact_id, told);
}

static enum err_code try_ask_once(const struct someone *who, const char *question)
{
    Kith__V1__AskRequest in = KITH__V1__ASK_REQUEST__INIT;
    Kith__V1__AskResponse *reply = NULL;
    in.question = arena_strdup(&w.arena, question);
    in.unless_asked = true;
    return WORLD_CALL(&w, who->client, Ask, &in, &reply);
}

static void what_she_asked_before_is_shown_before_anybody_is_bothered(void **state)
{
    (void)state;
    char text[] = "A low-volume one.";
    const char *alike = "Which snorkeling mask and fins do I take to Hawaii?";
    assert_ok(try_ask_once(&mira, SNORKELING), &w.err);
    assert_refused(try_ask_once(&mira, SNORKELING), REASON_ASKED_BEFORE);
    const char *said = arena_strdup(&w.arena, w.err.msg);
    Kith__V1__Ask *a = list(&mira, false, false, 0, "")->asks[0];
    assert_non_null(strstr(said, a->id));
    assert_string_equal(preview(&mira, SNORKELING)->earlier, said);
    assert_string_equal(preview(&mira, alike)->earlier, ""); /* there is no answer to show */
    assert_ok(try_answer(&dana, a->id, text), &w.err);
    assert_refused(try_ask_once(&mira, alike), REASON_ASKED_BEFORE);
    (void)ask(&mira, SNORKELING); /* who insists may */
    assert_refused(try_ask_once(&zoe, SNORKELING), REASON_NO_CONTACTS);
}

static void a_question_in_german_is_told_what_is_missing(void **state)
{
    (void)state;
    Kith__V1__Ask *none = NULL;
    assert_refused(try_ask(&mira, "Wer kennt einen guten Zahnarzt in der Stadt?", NULL, &none),
        REASON_NOBODY_FITS);
    assert_non_null(strstr(w.err.msg, "German"));
    assert_non_null(strstr(w.err.msg, "English"));
}

static void strangers_see_nothing(void **state)
{
    (void)state;
    char text[] = "Let me in.";
    Kith__V1__Ask *a = ask(&mira, SNORKELING), *none = NULL;
    Kith__V1__ExplainDecisionResponse *why = NULL;
    assert_refused(try_get(&zoe, a->id, &none), REASON_ASK_NOT_FOUND);
    assert_refused(try_answer(&zoe, a->id, text), REASON_ASK_NOT_FOUND);
    assert_refused(try_pass(&zoe, a->id), REASON_ASK_NOT_FOUND);
    assert_refused(try_explain(&zoe, a->decision_id, &why), REASON_DECISION_NOT_FOUND);
    assert_refused(try_explain(&dana, a->decision_id, &why), REASON_DECISION_NOT_FOUND);
    assert_int_equal(list(&zoe, true, false, 0, "")->n_asks, 0);
    assert_int_equal(list(&zoe, false, false, 0, "")->n_asks, 0);
    assert_refused(try_answer(&mira, a->id, text), REASON_ASK_NOT_TARGET);
    assert_refused(try_pass(&mira, a->id), REASON_ASK_NOT_TARGET);
    assert_int_equal(get(&mira, a->id)->n_answers, 0);
}

static void lists_go_on_page_by_page(void **state)
{
    (void)state;
    char *ids[3];
    for (int i = 0; i < 3; i++) {
        Kith__V1__Ask *a = NULL;
        assert_ok(try_ask(&mira, SNORKELING, &coach, &a), &w.err);
        ids[i] = a->id;
    }
    Kith__V1__ListAsksResponse *first = list(&mira, false, false, 2, "");
    assert_int_equal(first->n_asks, 2);
    assert_string_equal(first->asks[0]->id, ids[2]);
    assert_string_equal(first->asks[1]->id, ids[1]);
    assert_int_equal(first->asks[0]->n_targets, 1);
    Kith__V1__ListAsksResponse *second = list(&mira, false, false, 2, first->next_page_token);
    assert_int_equal(second->n_asks, 1);
    assert_string_equal(second->asks[0]->id, ids[0]);
    assert_string_equal(second->next_page_token, "");
    Kith__V1__ListAsksRequest in = KITH__V1__LIST_ASKS_REQUEST__INIT;
    Kith__V1__ListAsksResponse *out = NULL;
    char token[] = "nonsense";
    in.page_token = token;
    assert_refused(WORLD_CALL(&w, mira.client, ListAsks, &in, &out), REASON_PAGE_TOKEN_INVALID);
}

static void the_record_of_a_decision_explains_it(void **state)
{
    (void)state;
    Kith__V1__ExplainDecisionResponse *why = NULL;
    Kith__V1__Ask *a = ask(&mira, SNORKELING);
    assert_ok(try_explain(&mira, a->decision_id, &why), &w.err);
    assert_string_equal(why->question, SNORKELING);
    assert_int_equal(why->considered, 3);
    assert_true(why->n_parameters > 10 && why->n_notes > 0 && why->decided_us > 0);
    assert_string_equal(why->candidates[0]->name, "Coach Dana");
    assert_true(why->candidates[0]->is_reachable);
    assert_string_equal(why->candidates[0]->evidence[0]->path[2], "swimming");
}

/* The stored record alone gives the same scores, to the last bit. */
static void a_stored_decision_can_be_computed_again(void **state)
{
    (void)state;
    struct store_decision decision = {.question = NULL};
    Kith__V1__DecisionRecord *record = NULL;
    struct id id;
    struct db_session s = db_session(w.service.db, 0);
    (void)world_contact(&w, &mira, "Pia Pool", "", "Lifeguard and Swimmer", NULL);
    assert_true(id_parse(preview(&mira, SNORKELING)->decision_id, &id));
    assert_ok(store_get_decision(&s, &w.arena, &mira.id, &id, &decision, &w.err), &w.err);
    assert_ok(decision_unpack(&decision.record, &w.arena, &record, &w.err), &w.err);
    assert_true(record->n_judged >= 2);
    for (size_t i = 0; i < record->n_judged; i++) {
        const Kith__V1__Candidate *c = record->judged[i]->candidate;
        struct score again = decision_replay(record, record->judged[i]);
        assert_memory_equal(&again.total, &c->score, sizeof(double));
        assert_memory_equal(&again.expertise, &c->factors[0]->value, sizeof(double));
        assert_memory_equal(&again.affinity, &c->factors[1]->value, sizeof(double));
        assert_memory_equal(&again.availability, &c->factors[2]->value, sizeof(double));
    }
    record->judged[0]->inputs[1]->value *= 1.5; /* a changed input would show */
    struct score other = decision_replay(record, record->judged[0]);
    assert_memory_not_equal(&other.total, &record->judged[0]->candidate->score, sizeof(double));
}

static int64_t n_rows(const char *query)
{
    return test_sql_int(w.admin, query);
}

static void old_previews_are_forgotten_and_decisions_that_were_asked_by_are_not(void **state)
{
    (void)state;
    char *preview_id = preview(&mira, SNORKELING)->decision_id;
    Kith__V1__Ask *asked = ask(&mira, SNORKELING);
    Kith__V1__ExplainDecisionResponse *why = NULL;
    test_sql(w.admin, "UPDATE recommendation.decision SET decided_at = now() - interval '31 days'");
    char *young_id = preview(&mira, SNORKELING)->decision_id;
    test_sql(w.admin, "INSERT INTO recommendation.meaning SELECT n::text::bytea, 'm', '', 0, "
                      "now() - n * interval '60 days' FROM generate_series(0, 2) AS n");
    const struct housekeeping_config config = {.db = w.service.db,
        .clock = clock_system(),
        .tasks = w.service.old_rows,
        .n_tasks = sizeof(w.service.old_rows) / sizeof(w.service.old_rows[0]),
        .batch = 2};
    assert_ok(housekeeping_run(&config, &w.err), &w.err);
    assert_refused(try_explain(&mira, preview_id, &why), REASON_DECISION_NOT_FOUND);
    assert_ok(try_explain(&mira, asked->decision_id, &why), &w.err);
    assert_ok(try_explain(&mira, young_id, &why), &w.err);
    assert_int_equal(n_rows("SELECT count(*) FROM recommendation.meaning WHERE model = 'm'"), 2);
}

static void events_make_changes_known(void **state)
{
    (void)state;
    assert_int_equal(preview(&mira, "Which cello strings sound warm?")->n_candidates, 0);
    (void)world_contact(&w, &mira, "Vera Bow", "City Orchestra", "Violinist", NULL);
    engine_contacts_changed(w.service.engine, &mira.id);
    world_settle(&w);
    assert_string_equal(
        preview(&mira, "Which cello strings sound warm?")->candidates[0]->name, "Vera Bow");
    world_sql(&w,
        "INSERT INTO contact.member_fact (member_id, fact_id, kind, value, value_fold, confidence) "
        "VALUES ('%s', gen_random_uuid(), 8, 'beekeeping', 'beekeeping', 1)",
        dana.text);
    engine_member_changed(w.service.engine, &dana.id);
    world_settle(&w);
    Kith__V1__RouteQuestionResponse *r = preview(&mira, "Who knows about beekeeping?");
    assert_string_equal(r->candidates[0]->name, "Coach Dana");
}

static void a_contact_taken_out_is_no_candidate(void **state)
{
    (void)state;
    assert_int_equal(preview(&mira, SNORKELING)->n_candidates, 1);
    world_sql(&w, "DELETE FROM contact.contact WHERE member_id = '%s' AND name = 'Coach Dana'",
        mira.text);
    Kith__V1__Ask *none = NULL;
    assert_int_equal(preview(&mira, SNORKELING)->n_candidates, 0); /* also before the event */
    assert_refused(try_ask(&mira, SNORKELING, NULL, &none), REASON_NOBODY_FITS);
}

static void an_answer_counts_the_next_time(void **state)
{
    (void)state;
    char text[] = "Ask at the harbour.";
    Kith__V1__Ask *a = NULL;
    assert_ok(try_ask(&mira, "Where do I moor a narrowboat?", &coach, &a), &w.err);
    assert_ok(try_answer(&dana, a->id, text), &w.err);
    world_settle(&w);
    Kith__V1__RouteQuestionResponse *r = preview(&mira, "Can I moor my narrowboat in winter?");
    assert_int_equal(r->n_candidates, 1);
    assert_int_equal(r->candidates[0]->evidence[0]->signal, KITH__V1__SIGNAL__SIGNAL_PAST_ANSWER);
    assert_string_equal(r->candidates[0]->evidence[0]->text, "Where do I moor a narrowboat?");
}

static void waiting_questions_make_her_less_available(void **state)
{
    (void)state;
    double before = preview(&mira, SNORKELING)->candidates[0]->score;
    (void)ask(&mira, SNORKELING);
    world_settle(&w);
    const Kith__V1__Candidate *c = preview(&mira, SNORKELING)->candidates[0];
    assert_true(c->score < before);
    assert_true(c->factors[2]->value < 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)
    const struct CMUnitTest tests[] = {
        TEST(every_statement_prepares_as_the_service),
        TEST(a_preview_finds_the_coach_and_says_why),
        TEST(a_preview_shows_those_who_are_no_members),
        TEST(a_preview_lists_second_choices),
        TEST(nobody_fits_is_an_answer),
        TEST(asking_tells_the_one_who_fits_best),
        TEST(an_answer_comes_back),
        TEST(one_reaction_counts),
        TEST(passing_is_told_too),
        TEST(a_named_contact_is_asked_whether_or_not_she_fits),
        TEST(nobody_who_fits_far_less_is_bothered_in_her_place),
        TEST(a_preview_says_whom_ask_asks),
        TEST(what_she_asked_before_is_shown_before_anybody_is_bothered),
        TEST(a_question_in_german_is_told_what_is_missing),
        TEST(strangers_see_nothing),
        TEST(lists_go_on_page_by_page),
        TEST(the_record_of_a_decision_explains_it),
        TEST(a_stored_decision_can_be_computed_again),
        TEST(old_previews_are_forgotten_and_decisions_that_were_asked_by_are_not),
        TEST(events_make_changes_known),
        TEST(a_contact_taken_out_is_no_candidate),
        TEST(an_answer_counts_the_next_time),
        TEST(waiting_questions_make_her_less_available),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
