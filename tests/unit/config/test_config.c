/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"
#include "config/service_options.h"
#include "unit_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct settings {
    struct service_options service;
    const char *peers;
};

static const struct config_option options[] = {
    SERVICE_OPTION_ROWS(struct settings, service, "contact", "tcp://127.0.0.1:7101"),
    SERVICE_ENDPOINTS_ROW(struct settings, peers, "recommendation", "tcp://127.0.0.1:7102"),
    {0},
};

static const struct config_spec spec = {
    .program = "kith-contact",
    .summary = "keeps members and their address books",
    .usage = "kith-contact [serve|migrate|healthcheck] [OPTION…]",
    .options = options,
};

struct fixture {
    struct arena arena;
    struct settings got;
    struct config_request request;
    struct err err;
    char path[32];        /* of the configuration file */
    char secret_path[32]; /* of a file holding a secret */
    char config_variable[64];
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.path = "/tmp/kith-XXXXXX", .secret_path = "/tmp/kith-XXXXXX"};
    arena_init(&f.arena, (size_t)64 * 1024);
    int fd = mkstemp(f.path);
    int secret_fd = mkstemp(f.secret_path);
    if (fd < 0 || secret_fd < 0)
        return -1;
    (void)snprintf(f.config_variable, sizeof(f.config_variable), "KITH_CONFIG=%s", f.path);
    *state = &f;
    return close(fd) || close(secret_fd);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_fini(&f->arena);
    return unlink(f->path) || unlink(f->secret_path);
}

/* Load from `file` (may be NULL), the variable and up to three arguments (each may be NULL). */
static enum err_code load(struct fixture *f, const char *file, char *variable, char *args[3])
{
    char program[] = "kith-contact";
    char *argv[] = {program, args[0], args[1], args[2], NULL};
    char *none[] = {NULL};
    char *variables[] = {variable ? variable : f->config_variable, f->config_variable, NULL};
    if (file)
        write_file(f->path, file);
    return config_load(
        &spec, argv, file || variable ? variables : none, &f->arena, &f->got, &f->request, &f->err);
}

static enum err_code load_args(struct fixture *f, char *a, char *b, char *c)
{
    return load(f, NULL, NULL, (char *[]){a, b, c});
}

static char *const no_args[3];
#define NO_ARGS ((char *[]){no_args[0], no_args[1], no_args[2]})

static void assert_refused(struct fixture *f, enum err_code code, const char *part)
{
    assert_int_equal(code, ERR_INVALID_ARGUMENT);
    assert_int_equal(f->err.reason, REASON_CONFIG_INVALID);
    if (!strstr(f->err.msg, part))
        fail_msg("\"%s\" does not mention \"%s\"", f->err.msg, part);
}

static void defaults_fill_what_nobody_sets(void **state)
{
    struct fixture *f = *state;
    memset(&f->got, 0xff, sizeof(f->got));
    assert_ok(load_args(f, NULL, NULL, NULL), &f->err);
    assert_string_equal(f->got.service.listen, "tcp://127.0.0.1:7101");
    assert_string_equal(f->got.service.database_user, "contact");
    assert_string_equal(f->got.service.database_password, "");
    assert_int_equal(f->got.service.database_port, 5432);
    assert_false(f->got.service.allow_unsafe_database);
    assert_string_equal(f->got.peers, "tcp://127.0.0.1:7102");
    assert_null(f->request.command);
}

static void flags_beat_the_environment_which_beats_the_file(void **state)
{
    struct fixture *f = *state;
    char file[] = "workers = 1\nqueue-limit = 10\n database-port=\t1000 \r\n# comment\n\n";
    char variable[] = "KITH_QUEUE_LIMIT=20";
    char flag[] = "--workers=3";
    assert_ok(load(f, file, variable, (char *[]){flag, NULL, NULL}), &f->err);
    assert_int_equal(f->got.service.workers, 3);
    assert_int_equal(f->got.service.queue_limit, 20);
    assert_int_equal(f->got.service.database_port, 1000);

    char flags[][32] = {"--workers=3", "--queue-limit", "30"};
    assert_ok(load(f, file, variable, (char *[]){flags[0], flags[1], flags[2]}), &f->err);
    assert_int_equal(f->got.service.queue_limit, 30);
}

static void the_file_may_be_named_by_a_flag(void **state)
{
    struct fixture *f = *state;
    write_file(f->path, "workers = 5\n");
    char flag[] = "--config";
    assert_ok(load_args(f, flag, f->path, NULL), &f->err);
    assert_int_equal(f->got.service.workers, 5);
}

static void command_and_flags_may_stand_in_any_order(void **state)
{
    struct fixture *f = *state;
    char args[][32] = {"--allow-unsafe-database", "migrate", "--workers=2"};
    assert_ok(load_args(f, args[0], args[1], args[2]), &f->err);
    assert_string_equal(f->request.command, "migrate");
    assert_true(f->got.service.allow_unsafe_database);
    assert_int_equal(f->got.service.workers, 2);
}

static void a_second_command_is_refused(void **state)
{
    struct fixture *f = *state;
    char args[][32] = {"serve", "one", "--workers=2"};
    assert_refused(f, load_args(f, args[0], args[1], args[2]), "\"one\" is one too many");
}

static void unknown_names_are_refused_naming_the_nearest_and_the_place(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, load(f, "\n\nlog-levle = info\n", NULL, NO_ARGS), "log-level");
    assert_non_null(strstr(f->err.msg, f->path));
    assert_non_null(strstr(f->err.msg, ":3:"));
    char flag[] = "--databse-host=x";
    assert_refused(f, load_args(f, flag, NULL, NULL), "\"database-host\"");
    char strange[] = "--zzzzzzzzzzzzzz";
    assert_refused(f, load_args(f, strange, NULL, NULL), "--help");
}

static void a_mistyped_variable_is_refused_and_a_strangers_is_not(void **state)
{
    struct fixture *f = *state;
    char mistyped[] = "KITH_LOG_LEVLE=info";
    assert_refused(f, load(f, NULL, mistyped, NO_ARGS), "KITH_LOG_LEVLE");
    char of_another[] = "KITH_TOKEN_FILE=/nowhere";
    assert_ok(load(f, NULL, of_another, NO_ARGS), &f->err);
    char foreign[] = "LISTEN=x";
    assert_ok(load(f, NULL, foreign, NO_ARGS), &f->err);
    assert_string_equal(f->got.service.listen, "tcp://127.0.0.1:7101");
}

static void an_empty_variable_counts_as_not_set(void **state)
{
    struct fixture *f = *state;
    char empty[] = "KITH_LISTEN=";
    assert_ok(load(f, NULL, empty, NO_ARGS), &f->err);
    assert_string_equal(f->got.service.listen, "tcp://127.0.0.1:7101");
}

static void bad_values_are_refused_with_their_limits(void **state)
{
    struct fixture *f = *state;
    char flags[][48] = {"--workers=0", "--workers=257", "--workers=7x", "--workers= 7",
        "--workers=", "--workers=99999999999999999999", "--log-level=loud", "--log-level=inf",
        "--log-level=", "--allow-unsafe-database=perhaps"};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        assert_refused(f, load_args(f, flags[i], NULL, NULL), " must be ");
    char lonely[] = "--workers";
    assert_refused(f, load_args(f, lonely, NULL, NULL), "needs a value");
    assert_refused(f, load(f, "just words\n", NULL, NO_ARGS), "name = value");
}

static void setting_an_option_twice_in_one_source_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, load(f, "workers = 1\nworkers = 2\n", NULL, NO_ARGS), ":1");
    assert_non_null(strstr(f->err.msg, ":2:"));
}

static void a_secret_can_come_from_a_file(void **state)
{
    struct fixture *f = *state;
    write_file(f->secret_path, "s3cret = x\n");
    char flag[] = "--database-password-file";
    assert_ok(load_args(f, flag, f->secret_path, NULL), &f->err);
    assert_string_equal(f->got.service.database_password, "s3cret = x");

    char variable[80];
    (void)snprintf(variable, sizeof(variable), "KITH_SERVICE_TOKEN_FILE=%s", f->secret_path);
    assert_ok(load(f, NULL, variable, NO_ARGS), &f->err);
    assert_string_equal(f->got.service.service_token, "s3cret = x");
}

static void a_secret_file_that_is_empty_or_missing_is_refused(void **state)
{
    struct fixture *f = *state;
    char flag[] = "--database-password-file";
    assert_refused(f, load_args(f, flag, f->secret_path, NULL), "must hold a secret");
    char missing[] = "/nonexistent/secret";
    assert_refused(f, load_args(f, flag, missing, NULL), "No such file");
    char not_secret[] = "--listen-file=/etc/hostname";
    assert_refused(f, load_args(f, not_secret, NULL, NULL), "no setting");
}

static void a_secret_and_its_file_contradict_each_other(void **state)
{
    struct fixture *f = *state;
    write_file(f->secret_path, "s3cret\n");
    char flags[][48] = {"--service-token=abc", "--service-token-file"};
    assert_refused(f, load_args(f, flags[0], flags[1], f->secret_path), "already");
    assert_null(strstr(f->err.msg, "abc"));
}

static char *printed(void (*print)(const struct config_spec *, const void *, FILE *),
    const struct fixture *f, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");
    assert_non_null(out);
    print(&spec, &f->got, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void printing_shows_values_and_hides_secrets(void **state)
{
    struct fixture *f = *state;
    char flags[][48] = {"--print-config", "--service-token=abc", "--workers=3"};
    assert_ok(load_args(f, flags[0], flags[1], flags[2]), &f->err);
    assert_true(f->request.wants_print_config);
    char text[8192];
    (void)printed(config_print, f, text, sizeof(text));
    assert_non_null(strstr(text, "workers = 3\n"));
    assert_non_null(strstr(text, "service-token = (set)\n"));
    assert_non_null(strstr(text, "database-password = (not set)\n"));
    assert_null(strstr(text, "abc"));
}

static void print_help(const struct config_spec *of, const void *values, FILE *out)
{
    (void)values;
    config_print_help(of, out);
}

static void help_names_every_option_and_is_given_whatever_else_is_wrong(void **state)
{
    struct fixture *f = *state;
    char flags[][48] = {"--workers=0", "-h", "--nonsense"};
    assert_ok(load_args(f, flags[0], flags[1], flags[2]), &f->err);
    assert_true(f->request.wants_help);
    char text[8192];
    (void)printed(print_help, f, text, sizeof(text));
    for (const struct config_option *o = options; o->name; o++)
        assert_non_null(strstr(text, o->name));
    assert_non_null(strstr(text, "KITH_DATABASE_PASSWORD_FILE"));
}

#define on_fixture(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_fixture(defaults_fill_what_nobody_sets),
        on_fixture(flags_beat_the_environment_which_beats_the_file),
        on_fixture(the_file_may_be_named_by_a_flag),
        on_fixture(command_and_flags_may_stand_in_any_order),
        on_fixture(a_second_command_is_refused),
        on_fixture(unknown_names_are_refused_naming_the_nearest_and_the_place),
        on_fixture(a_mistyped_variable_is_refused_and_a_strangers_is_not),
        on_fixture(an_empty_variable_counts_as_not_set),
        on_fixture(bad_values_are_refused_with_their_limits),
        on_fixture(setting_an_option_twice_in_one_source_is_refused),
        on_fixture(a_secret_can_come_from_a_file),
        on_fixture(a_secret_file_that_is_empty_or_missing_is_refused),
        on_fixture(a_secret_and_its_file_contradict_each_other),
        on_fixture(printing_shows_values_and_hides_secrets),
        on_fixture(help_names_every_option_and_is_given_whatever_else_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
