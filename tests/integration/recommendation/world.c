/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "free_port.h"

#include <poll.h>
#include <stdarg.h>
#include <unistd.h>

enum { ARENA_LIMIT = 64 << 20, SQL_SIZE = 8192 };

void world_start(struct world *w, const char *wordnet_dir, const char *encoder_file)
{
    *w = (struct world){.admin = test_db_open(NULL, "test admin", 2)};
    arena_init(&w->arena, ARENA_LIMIT);
    (void)snprintf(w->listen, sizeof(w->listen), "tcp://127.0.0.1:%d", test_free_port());
    auth_token_new(w->service_token);
    char program[] = "kith-recommendation", flag[] = "--listen", token_flag[] = "--service-token",
         dir_flag[] = "--wordnet-dir", peer_flag[] = "--notification-endpoints",
         encoder_flag[] = "--encoder-file";
    char *nobody = arena_printf(&w->arena, "tcp://127.0.0.1:%d", test_free_port());
    char *argv[] = {program, flag, w->listen, token_flag, w->service_token, dir_flag,
        arena_strdup(&w->arena, wordnet_dir ? wordnet_dir : WORDNET_MAP_DEFAULT_DIR), peer_flag,
        nobody, encoder_flag, arena_strdup(&w->arena, encoder_file ? encoder_file : "/nonexistent"),
        NULL};
    struct recommendation_config config = {0};
    struct config_request request = {0};
    assert_ok(config_load(&recommendation_config_spec, argv, environ, &w->arena, &config, &request,
                  &w->err),
        &w->err);
    assert_ok(recommendation_start(&w->service, &w->arena, &config, &w->err), &w->err);
}

void world_stop(struct world *w)
{
    recommendation_stop(&w->service);
    db_close(w->admin);
    arena_fini(&w->arena);
}

static char *PRINTF_LIKE(1, 0) format_sql(const char *fmt, va_list args)
{
    char *text = malloc(SQL_SIZE);
    assert_non_null(text);
    int len = vsnprintf(text, SQL_SIZE, fmt, args);
    assert_true(len > 0 && len < SQL_SIZE);
    return text;
}

/* Prepared statements refer to their texts for as long as the connection lives. */
static struct {
    struct db_stmt stmt;
    char name[32];
} kept[4096];
static size_t n_kept;

static int64_t PRINTF_LIKE(2, 0)
    run_sql(struct world *w, const char *fmt, va_list args, bool has_result)
{
    assert_true(n_kept < sizeof(kept) / sizeof(kept[0]));
    char *name = kept[n_kept].name;
    (void)snprintf(name, sizeof(kept[0].name), "world.%zu", n_kept);
    struct db_stmt *stmt = &kept[n_kept++].stmt;
    *stmt = (struct db_stmt){name, format_sql(fmt, args), 0, false};
    struct db_session s = db_session(w->admin, 0);
    CLEANUP(db_result_clear) struct db_result *r = NULL;
    assert_ok(db_query(&s, stmt, NULL, &r, &w->err), &w->err);
    return has_result ? db_get_int(r, 0, 0) : 0;
}

void world_sql(struct world *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)run_sql(w, fmt, args, false);
    va_end(args);
}

int64_t world_sql_int(struct world *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int64_t n = run_sql(w, fmt, args, true);
    va_end(args);
    return n;
}

struct rpc_client *world_client(struct world *w, const char *token)
{
    const struct rpc_client_config config = {.endpoints = w->listen, .token = token};
    struct rpc_client *client = NULL;
    assert_ok(rpc_client_new(&client, &config, &w->err), &w->err);
    return client;
}

static void give_token(struct world *w, struct someone *who, int64_t scopes)
{
    uint8_t hash[AUTH_HASH_SIZE];
    char hex[AUTH_HASH_SIZE * 2 + 1], token_id[ID_TEXT_SIZE];
    struct id id = id_new(clock_system());
    auth_token_new(who->token);
    auth_token_hash(who->token, hash);
    for (int i = 0; i < AUTH_HASH_SIZE; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    id_format(&id, token_id);
    world_sql(w,
        "INSERT INTO contact.token (member_id, token_id, label, scopes) VALUES "
        "('%s', '%s', 'test', %lld)",
        who->text, token_id, (long long)scopes);
    world_sql(w,
        "INSERT INTO contact.token_hash (token_hash, member_id, token_id) VALUES "
        "('\\x%s', '%s', '%s')",
        hex, who->text, token_id);
}

struct someone world_member(struct world *w, const char *name)
{
    struct someone who = {.id = id_new(clock_system())};
    id_format(&who.id, who.text);
    world_sql(w,
        "INSERT INTO contact.member (member_id, name, email, is_email_verified, time_zone) VALUES "
        "('%s', '%s', '%s@example.org', true, 'UTC')",
        who.text, name, who.text);
    give_token(w, &who, RPC_SCOPE_READ | RPC_SCOPE_WRITE);
    who.client = world_client(w, who.token);
    return who;
}

void world_forget(struct someone *who)
{
    rpc_client_free(who->client);
    who->client = NULL;
}

struct id world_contact(struct world *w, const struct someone *owner, const char *name,
    const char *company, const char *position, const struct someone *linked)
{
    struct id id = id_new(clock_system());
    char text[ID_TEXT_SIZE];
    id_format(&id, text);
    world_sql(w,
        "INSERT INTO contact.contact (member_id, contact_id, name, name_fold, company, position, "
        "linked_member_id) VALUES ('%s', '%s', '%s', lower('%s'), '%s', '%s', %s%s%s)",
        owner->text, text, name, name, company, position, linked ? "'" : "",
        linked ? linked->text : "NULL", linked ? "'" : "");
    return id;
}

enum err_code world_call(struct world *w, struct rpc_client *client, const char *method,
    const ProtobufCMessage *in, void **out)
{
    ProtobufCMessage *reply = NULL;
    w->err = (struct err){0};
    enum err_code code = rpc_client_call(client, method, NULL, in, &w->arena, &reply, &w->err);
    *out = reply;
    return code;
}

void world_pause(void)
{
    (void)poll(NULL, 0, 1);
}

void world_settle(struct world *w)
{
    size_t n = 0, n_stale = 1, n_waiting = 1;
    for (int tries = 0; n_stale + n_waiting > 0; tries++) {
        assert_true(tries < 300000);
        engine_count(w->service.engine, &n, &n_stale);
        n_waiting = w->service.meanings ? meanings_count_waiting(w->service.meanings) : 0;
        world_pause();
    }
}
