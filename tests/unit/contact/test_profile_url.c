/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/profile_url.h"
#include "unit_test.h"

#include <string.h>

static void check(const char *url, const char *expected)
{
    char out[PROFILE_URL_SIZE], again[PROFILE_URL_SIZE];
    assert_true(profile_url_normalise(url, out));
    assert_string_equal(out, expected);
    assert_true(profile_url_normalise(out, again));
    assert_string_equal(again, expected);
}

static void check_refused(const char *url)
{
    char out[PROFILE_URL_SIZE];
    assert_false(profile_url_normalise(url, out));
}

static void every_spelling_of_an_address_is_one(void **state)
{
    (void)state;
    const char *const spellings[] = {"https://www.linkedin.com/in/ana-costa",
        "http://linkedin.com/in/ana-costa/", "www.linkedin.com/in/ana-costa",
        "HTTPS://WWW.LinkedIn.COM/in/Ana-Costa//", "https://pt.linkedin.com/in/ana-costa?trk=x",
        "linkedin.com/in/ana-costa#top", "https://www.linkedin.com/in/ana%2Dcosta"};
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
        check(spellings[i], "linkedin.com/in/ana-costa");
}

static void percent_encoding_is_undone_where_it_is_text(void **state)
{
    (void)state;
    check("https://www.linkedin.com/in/%E5%8C%97%E4%BA%AC-13", "linkedin.com/in/北京-13");
    check("https://www.linkedin.com/in/Zo%C3%8B", "linkedin.com/in/zoë");
    check("https://www.linkedin.com/in/zoe%CC%88", "linkedin.com/in/zoë");
    check("https://www.linkedin.com/in/a%FFb", "linkedin.com/in/a%ffb");
    check("https://www.linkedin.com/in/100%", "linkedin.com/in/100%");
}

static void escapes_that_carry_meaning_stay(void **state)
{
    (void)state;
    check("linkedin.com/in/a%2Fb", "linkedin.com/in/a%2fb");
    check("linkedin.com/in/a%2541", "linkedin.com/in/a%2541");
    check("linkedin.com/in/a%3Fb", "linkedin.com/in/a%3fb");
    check("linkedin.com/in/a%0Ab", "linkedin.com/in/a%0ab");
}

static void what_names_no_profile_is_refused(void **state)
{
    (void)state;
    check_refused("");
    check_refused("https://www.linkedin.com");
    check_refused("https://www.linkedin.com/");
    check_refused("/in/ana");
    check_refused("linkedin.com/in/ana costa");
    char longest[3000] = "linkedin.com/in/";
    memset(longest + strlen(longest), 'a', 2500);
    check_refused(longest);
}

static void a_long_encoded_address_fits(void **state)
{
    (void)state;
    char url[300] = "https://www.linkedin.com/in/", expected[200] = "linkedin.com/in/";
    for (int i = 0; i < 20; i++) {
        memcpy(url + strlen(url), "%E5%8C%97", 10);
        memcpy(expected + strlen(expected), "北", 4);
    }
    check(url, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_an_address_is_one),
        cmocka_unit_test(percent_encoding_is_undone_where_it_is_text),
        cmocka_unit_test(escapes_that_carry_meaning_stay),
        cmocka_unit_test(what_names_no_profile_is_refused),
        cmocka_unit_test(a_long_encoded_address_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
