/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may call what, for every method, and what the service does without its data files.
 */
#include "world.h"

#include <kith/v1/health.pb-c.h>

static struct world w;

static int start(void **state)
{
    (void)state;
    world_start(&w, "/nonexistent", NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_stop(&w);
    return 0;
}

static char an_id[] = "01930000-0000-7000-8000-000000000000", a_text[] = "x";

static enum err_code call(struct rpc_client *client, const char *method, ProtobufCMessage *in)
{
    void *out = NULL;
    return world_call(&w, client, method, in, &out);
}

/* Every method with a request that is valid as such. */
static size_t call_all(struct rpc_client *client, enum err_reason reasons[16])
{
    Kith__V1__RouteQuestionRequest route = KITH__V1__ROUTE_QUESTION_REQUEST__INIT;
    Kith__V1__AskRequest ask = KITH__V1__ASK_REQUEST__INIT;
    Kith__V1__GetAskRequest get = KITH__V1__GET_ASK_REQUEST__INIT;
    Kith__V1__ListAsksRequest list = KITH__V1__LIST_ASKS_REQUEST__INIT;
    Kith__V1__AnswerRequest answer = KITH__V1__ANSWER_REQUEST__INIT;
    Kith__V1__PassRequest pass = KITH__V1__PASS_REQUEST__INIT;
    Kith__V1__ExplainDecisionRequest explain = KITH__V1__EXPLAIN_DECISION_REQUEST__INIT;
    route.question = ask.question = answer.text = a_text;
    get.ask_id = answer.ask_id = pass.ask_id = explain.decision_id = an_id;
    const struct {
        const char *method;
        ProtobufCMessage *in;
    } calls[] = {
        {"/kith.v1.RecommendationService/RouteQuestion", &route.base},
        {"/kith.v1.RecommendationService/GetAsk", &get.base},
        {"/kith.v1.RecommendationService/ListAsks", &list.base},
        {"/kith.v1.RecommendationService/ExplainDecision", &explain.base},
        {"/kith.v1.RecommendationService/Ask", &ask.base},
        {"/kith.v1.RecommendationService/Answer", &answer.base},
        {"/kith.v1.RecommendationService/Pass", &pass.base},
    };
    size_t n = sizeof(calls) / sizeof(calls[0]);
    for (size_t i = 0; i < n; i++) {
        enum err_code code = call(client, calls[i].method, calls[i].in);
        reasons[i] = code == ERR_OK ? REASON_NONE : w.err.reason;
    }
    assert_int_equal(n, kith__v1__recommendation_service__descriptor.n_methods);
    return n;
}

/* Of the seven methods the first four read, the other three change something. */
enum { N_READING = 4 };

static void only_members_may_call(void **state)
{
    (void)state;
    enum err_reason reasons[16];
    char unknown[AUTH_TOKEN_SIZE];
    auth_token_new(unknown);
    const struct {
        const char *token;
        enum err_reason reason;
    } callers[] = {
        {NULL, REASON_TOKEN_MISSING},
        {unknown, REASON_TOKEN_UNKNOWN},
        {"kith_nonsense", REASON_TOKEN_MALFORMED},
        {w.service_token, REASON_CALLER_NOT_ALLOWED},
    };
    for (size_t c = 0; c < sizeof(callers) / sizeof(callers[0]); c++) {
        struct rpc_client *client = world_client(&w, callers[c].token);
        size_t n = call_all(client, reasons);
        for (size_t i = 0; i < n; i++)
            assert_string_equal(
                err_reason_info(reasons[i])->name, err_reason_info(callers[c].reason)->name);
        rpc_client_free(client);
    }
}

static void a_token_for_reading_changes_nothing(void **state)
{
    (void)state;
    enum err_reason reasons[16];
    struct someone reader = world_member(&w, "Rita Reader");
    world_sql(&w, "UPDATE contact.token SET scopes = %d WHERE member_id = '%s'", RPC_SCOPE_READ,
        reader.text);
    size_t n = call_all(reader.client, reasons);
    for (size_t i = 0; i < n; i++) {
        if (i < N_READING)
            assert_int_not_equal(reasons[i], REASON_SCOPE_MISSING);
        else
            assert_int_equal(reasons[i], REASON_SCOPE_MISSING);
    }
    world_forget(&reader);
}

static void a_member_gets_to_every_handler(void **state)
{
    (void)state;
    static const enum err_reason expected[] = {REASON_NONE, REASON_ASK_NOT_FOUND, REASON_NONE,
        REASON_DECISION_NOT_FOUND, REASON_NO_CONTACTS, REASON_ASK_NOT_FOUND, REASON_ASK_NOT_FOUND};
    enum err_reason reasons[16];
    struct someone member = world_member(&w, "Mia Member");
    size_t n = call_all(member.client, reasons);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(err_reason_info(reasons[i])->name, err_reason_info(expected[i])->name);
    world_forget(&member);
}

static void fields_out_of_bounds_are_named(void **state)
{
    (void)state;
    struct someone member = world_member(&w, "Mia Member");
    Kith__V1__AskRequest ask = KITH__V1__ASK_REQUEST__INIT;
    char empty[] = "", no_id[] = "not-a-uuid";
    ask.question = empty;
    assert_int_equal(
        call(member.client, "/kith.v1.RecommendationService/Ask", &ask.base), ERR_INVALID_ARGUMENT);
    assert_string_equal(w.err.field, "question");
    ask.question = a_text;
    ask.contact_id = no_id;
    assert_int_equal(
        call(member.client, "/kith.v1.RecommendationService/Ask", &ask.base), ERR_INVALID_ARGUMENT);
    assert_string_equal(w.err.field, "contact_id");
    world_forget(&member);
}

static void without_wordnet_it_serves_and_says_what_to_do(void **state)
{
    (void)state;
    Kith__V1__CheckRequest in = KITH__V1__CHECK_REQUEST__INIT;
    Kith__V1__CheckResponse *health = NULL;
    struct rpc_client *client = world_client(&w, NULL);
    assert_ok(
        world_call(&w, client, "/kith.v1.HealthService/Check", &in.base, (void **)&health), &w.err);
    assert_int_equal(health->status, KITH__V1__HEALTH_STATUS__HEALTH_STATUS_DEGRADED);
    const char *problem = NULL;
    for (size_t i = 0; i < health->n_parts; i++)
        if (strcmp(health->parts[i]->name, "wordnet") == 0)
            problem = health->parts[i]->problem;
    assert_non_null(problem);
    assert_non_null(strstr(problem, "apt-get install wordnet-base"));
    rpc_client_free(client);
}

static void without_wordnet_shared_words_still_route(void **state)
{
    (void)state;
    struct someone mira = world_member(&w, "Mira Solberg");
    (void)world_contact(&w, &mira, "Dana", "", "Swim Coach", NULL);
    Kith__V1__RouteQuestionRequest in = KITH__V1__ROUTE_QUESTION_REQUEST__INIT;
    Kith__V1__RouteQuestionResponse *out = NULL;
    char question[] = "Who teaches swimming?";
    in.question = question;
    assert_ok(WORLD_CALL(&w, mira.client, RouteQuestion, &in, &out), &w.err);
    assert_int_equal(out->n_candidates, 1);
    assert_string_equal(out->candidates[0]->name, "Dana");
    world_forget(&mira);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_members_may_call),
        cmocka_unit_test(a_token_for_reading_changes_nothing),
        cmocka_unit_test(a_member_gets_to_every_handler),
        cmocka_unit_test(fields_out_of_bounds_are_named),
        cmocka_unit_test(without_wordnet_it_serves_and_says_what_to_do),
        cmocka_unit_test(without_wordnet_shared_words_still_route),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
