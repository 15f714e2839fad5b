/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentence encoder within the service: evidence is encoded behind the callers' backs, once for
 * all, and found again after a restart.
 */
#include "world.h"

#include <limits.h>
#include <unistd.h>

enum { SKIPPED = 77 };

static struct world w;
static char encoder_file[PATH_MAX];

static int start(void **state)
{
    (void)state;
    world_start(&w, NULL, encoder_file);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_stop(&w);
    return 0;
}

static Kith__V1__RouteQuestionResponse *preview(const struct someone *who, const char *question)
{
    Kith__V1__RouteQuestionRequest in = KITH__V1__ROUTE_QUESTION_REQUEST__INIT;
    Kith__V1__RouteQuestionResponse *out = NULL;
    in.question = arena_strdup(&w.arena, question);
    assert_ok(WORLD_CALL(&w, who->client, RouteQuestion, &in, &out), &w.err);
    return out;
}

static int64_t count_vectors(void)
{
    return world_sql_int(&w, "SELECT count(*) FROM recommendation.meaning");
}

static void evidence_is_encoded_before_anybody_asks(void **state)
{
    (void)state;
    struct someone mira = world_member(&w, "Mira Solberg");
    (void)world_contact(&w, &mira, "Dana", "", "Head Swim Coach", NULL);
    (void)world_contact(&w, &mira, "Luca", "", "Pastry Chef", NULL);
    engine_contacts_changed(w.service.engine, &mira.id);
    world_settle(&w);
    assert_int_equal(count_vectors(), 2);
    world_forget(&mira);
}

static void one_text_of_two_members_is_encoded_once(void **state)
{
    (void)state;
    struct someone zoe = world_member(&w, "Zoe Adeyemi");
    int64_t before = count_vectors();
    (void)world_contact(&w, &zoe, "Somebody", "", "Head Swim Coach", NULL);
    (void)world_contact(&w, &zoe, "Nobody", "", "Head Swim Coach", NULL);
    engine_contacts_changed(w.service.engine, &zoe.id);
    world_settle(&w);
    assert_int_equal(count_vectors(), before);
    world_forget(&zoe);
}

/* "Tooth" and "dentist" share no stem and no short path. */
static void meaning_finds_what_words_do_not(void **state)
{
    (void)state;
    struct someone mira = world_member(&w, "Mira Solberg");
    (void)world_contact(&w, &mira, "Dora", "", "Dentist", NULL);
    (void)world_contact(&w, &mira, "Luca", "", "Pastry Chef", NULL);
    (void)world_contact(&w, &mira, "Al", "", "Accountant", NULL);
    engine_contacts_changed(w.service.engine, &mira.id);
    world_settle(&w);
    Kith__V1__RouteQuestionResponse *r = preview(&mira, "My tooth has hurt since yesterday.");
    assert_true(r->n_candidates >= 1);
    assert_string_equal(r->candidates[0]->name, "Dora");
    assert_int_equal(r->candidates[0]->evidence[0]->signal, KITH__V1__SIGNAL__SIGNAL_MEANING);
    world_forget(&mira);
}

static void a_path_explains_what_meaning_found(void **state)
{
    (void)state;
    struct someone mira = world_member(&w, "Mira Solberg");
    (void)world_contact(&w, &mira, "Dana", "", "Head Swim Coach", NULL);
    engine_contacts_changed(w.service.engine, &mira.id);
    world_settle(&w);
    Kith__V1__RouteQuestionResponse *r =
        preview(&mira, "Which snorkeling mask and fins should I take on a trip to Hawaii?");
    assert_int_equal(r->n_candidates, 1);
    assert_string_equal(r->candidates[0]->reason,
        "Head Swim Coach: snorkeling is a kind of skin diving, a kind of swimming");
    world_forget(&mira);
}

static void vectors_are_found_again_after_a_restart(void **state)
{
    (void)state;
    struct someone mira = world_member(&w, "Mira Solberg");
    (void)world_contact(&w, &mira, "Dana", "", "Head Swim Coach", NULL);
    int64_t before = count_vectors();
    assert_true(before > 0);
    world_sql(&w, "UPDATE recommendation.meaning SET hubness = 7"); /* to know them by */
    world_forget(&mira);
    world_stop(&w);
    world_start(&w, NULL, encoder_file);
    engine_contacts_changed(w.service.engine, &mira.id);
    world_settle(&w);
    assert_int_equal(count_vectors(), before);
    struct db_session s = db_session(w.service.db, 0);
    struct engine_network *held = NULL;
    assert_ok(engine_acquire(w.service.engine, &s, &mira.id, &held, &w.err), &w.err);
    const struct meaning *const *meanings = engine_get_meanings(held, &w.arena);
    assert_non_null(meanings);
    assert_non_null(meanings[0]);
    assert_float_equal(meanings[0]->hubness, 7, 0);
    engine_release(&held);
}

int main(void)
{
    encoder_file_default_path(encoder_file, sizeof(encoder_file));
    if (access(encoder_file, R_OK) != 0) {
        (void)fprintf(stderr, "skipped: no model file; make it: deploy/lib/encoder.sh\n");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_is_encoded_before_anybody_asks),
        cmocka_unit_test(one_text_of_two_members_is_encoded_once),
        cmocka_unit_test(meaning_finds_what_words_do_not),
        cmocka_unit_test(a_path_explains_what_meaning_found),
        cmocka_unit_test(vectors_are_found_again_after_a_restart),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
