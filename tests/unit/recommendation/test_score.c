/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/score.h"
#include "unit_test.h"

#include <string.h>

static struct score score_of(const struct score_inputs *in)
{
    return score_compute(&score_defaults, in);
}

static void no_evidence_is_no_expertise(void **state)
{
    (void)state;
    struct score s = score_of(&(struct score_inputs){.is_connected = 1, .years_known = 20});
    assert_true(s.expertise >= 0 && s.expertise <= 0);
    assert_true(s.total >= 0 && s.total <= 0);
}

static void every_signal_adds_and_none_goes_over_one(void **state)
{
    (void)state;
    struct score_inputs in = {.years_known = 0};
    double before = 0;
    for (int signal = SCORE_WORDS; signal < SCORE_N_SIGNALS; signal++) {
        in.signal[signal] = 1;
        double now = score_of(&in).expertise;
        assert_true(now > before && now < 1);
        before = now;
    }
    in.signal[SCORE_WORDS] = 1e12;
    assert_true(score_of(&in).expertise <= 1);
}

static void closer_ties_score_higher(void **state)
{
    (void)state;
    struct score_inputs in = {.signal = {[SCORE_WORDS] = 1}};
    double stranger = score_of(&in).total;
    in.years_known = 5;
    double known = score_of(&in).total;
    in.is_connected = 1;
    double connected = score_of(&in).total;
    in.common = 2;
    double alike = score_of(&in).total;
    assert_true(stranger < known && known < connected && connected < alike);
    assert_true(score_of(&in).affinity <= 1.0);
}

static void who_has_questions_waiting_is_asked_less(void **state)
{
    (void)state;
    struct score_inputs in = {.signal = {[SCORE_WORDS] = 1}};
    double idle = score_of(&in).total;
    in.waiting = 1;
    double busy = score_of(&in).total;
    in.passed = 2;
    assert_true(idle > busy && busy > score_of(&in).total);
}

static void parameters_are_found_by_name(void **state)
{
    (void)state;
    struct score_parameters p = {0};
    uint32_t n = 0;
    for (; score_parameter_info(n).name; n++)
        assert_true(score_set_parameter(
            &p, score_parameter_info(n).name, score_parameter(&score_defaults, n)));
    assert_memory_equal(&p, &score_defaults, sizeof(p));
    assert_int_equal(n * sizeof(double), sizeof(p));
    assert_false(score_set_parameter(&p, "nonsense", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_evidence_is_no_expertise),
        cmocka_unit_test(every_signal_adds_and_none_goes_over_one),
        cmocka_unit_test(closer_ties_score_higher),
        cmocka_unit_test(who_has_questions_waiting_is_asked_less),
        cmocka_unit_test(parameters_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
