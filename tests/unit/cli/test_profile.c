/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"
#include "unit_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena arena;
static char folder[] = "/tmp/kith-profile.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return mkdtemp(folder) != NULL && unsetenv("KITH_PROFILES") == 0 &&
                   setenv("XDG_CONFIG_HOME", folder, 1) == 0
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/kith", folder);
    (void)rmdir(path);
    arena_fini(&arena);
    return rmdir(folder);
}

static void what_is_saved_is_private_and_comes_back(void **state)
{
    (void)state;
    struct profile dana = {
        .name = "dana", .token = "kith_abc", .contact_endpoints = "tcp://127.0.0.1:1"};
    struct profile back;
    struct stat st;
    struct err err;
    assert_ok(profile_save(&dana, &arena, &err), &err);
    dana.token = "kith_def";
    assert_ok(profile_save(&dana, &arena, &err), &err);
    assert_int_equal(stat(arena_printf(&arena, "%s/kith/dana.json", folder), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(arena_printf(&arena, "%s/kith", folder), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_ok(profile_load(&back, "dana", &arena, &err), &err);
    assert_string_equal(back.token, "kith_def");
    assert_string_equal(back.contact_endpoints, "tcp://127.0.0.1:1");
    assert_null(back.notification_endpoints);
    assert_true(profile_remove("dana", &arena));
    assert_false(profile_remove("dana", &arena));
}

static void a_profile_that_is_not_there_is_empty(void **state)
{
    (void)state;
    struct profile back;
    struct err err;
    assert_ok(profile_load(&back, "nobody", &arena, &err), &err);
    assert_null(back.token);
}

static void a_name_is_no_path(void **state)
{
    (void)state;
    assert_true(profile_is_name("dana.2-x_Y"));
    assert_false(profile_is_name(""));
    assert_false(profile_is_name("../dana"));
    assert_false(profile_is_name(".hidden"));
    assert_false(profile_is_name("a/b"));
}

static void a_secret_is_the_first_line_without_blanks(void **state)
{
    (void)state;
    const char *path = arena_printf(&arena, "%s/secret", folder);
    const char *secret = NULL;
    struct err err;
    FILE *file = fopen(path, "w");
    (void)fputs("  kith_abc \r\nmore\n", file);
    (void)fclose(file);
    assert_ok(profile_read_secret(path, &secret, &arena, &err), &err);
    assert_string_equal(secret, "kith_abc");
    file = fopen(path, "w");
    (void)fputs("\n", file);
    (void)fclose(file);
    assert_int_equal(profile_read_secret(path, &secret, &arena, &err), ERR_INVALID_ARGUMENT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(profile_read_secret(path, &secret, &arena, &err), ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(err.msg, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_private_and_comes_back),
        cmocka_unit_test(a_profile_that_is_not_there_is_empty),
        cmocka_unit_test(a_name_is_no_path),
        cmocka_unit_test(a_secret_is_the_first_line_without_blanks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
