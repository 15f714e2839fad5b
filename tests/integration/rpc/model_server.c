/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "db_test.h"
#include "idempotency/idempotency.h"
#include "log/log.h"
#include "model.h"

#include <kith/v1/notification.pb-c.h>
#include <kith/v1/recommendation.pb-c.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BOARD_FD = 100, /* of a server: the board's memory, … */
    READY_FD = 101, /* … and where it tells that it listens */
    WORKERS = 3,
    DRAIN_MS = 2000,
    WAKE_NS = 2 * 1000 * 1000,
    END_TRIES = 30000, /* milliseconds */
};

/* ---- the servers' side ---- */

/* What the handlers are given. */
struct model {
    struct board *board;
    struct id watched;
};

rpc_handler_fn rpc_answer, rpc_show_board, rpc_refuse;

/* Its effect is a row with the call's number. */
RPC_HANDLER(answer, Kith__V1__AnswerRequest, Kith__V1__AnswerResponse)
{
    char *after_number;
    struct db_result *r = NULL;
    const struct db_param n = db_int(strtol(in->text, &after_number, 10));
    bool is_slow = strcmp(after_number, " slow") == 0;
    const char *statement = is_slow ? "INSERT INTO effect SELECT $1::int8 FROM pg_sleep(0.02)"
                                    : "INSERT INTO effect VALUES ($1::int8)";
    enum err_code code = db_query(ctx->db, test_stmt(statement, 1), &n, &r, &ctx->err);
    db_result_clear(&r);
    if (code != ERR_OK)
        return code;
    out->answer = arena_alloc(ctx->arena, sizeof(*out->answer));
    assert_non_null(out->answer);
    kith__v1__answer_entry__init(out->answer);
    out->answer->text = in->text;
    return ERR_OK;
}

/* Sends what is on the board. */
RPC_HANDLER(show_board, Kith__V1__WatchNotificationsRequest, Kith__V1__WatchNotificationsResponse)
{
    struct model *model = ctx->service;
    Kith__V1__Notification notification = KITH__V1__NOTIFICATION__INIT;
    char cursor[16], title[MODEL_MAX_ITEM + 1];
    bool is_complete = atomic_load(&model->board->is_complete); /* before it counts */
    int begin = (int)strtol(in->cursor, NULL, 10), n = begin;
    notification.title = title;
    out->notification = &notification;
    out->cursor = cursor;
    for (; n < atomic_load(&model->board->n_items) && rpc_has_room(ctx); n++) {
        memset(title, 't', model_item_len(n + 1));
        title[model_item_len(n + 1)] = '\0';
        (void)snprintf(cursor, sizeof(cursor), "%d", n + 1);
        enum err_code code = rpc_send(ctx, &out->base);
        if (code != ERR_OK)
            return code;
    }
    return n > begin || is_complete ? ERR_OK : rpc_park(ctx, &model->watched);
}

enum err_code rpc_refuse(struct rpc_ctx *ctx, const ProtobufCMessage *in, ProtobufCMessage *out)
{
    (void)in;
    (void)out;
    return err_raise(&ctx->err, REASON_ASK_NOT_FOUND, "nobody calls this here");
}

static enum err_code authenticate(void *self, struct db_session *session, const char *token,
    struct rpc_principal *out, struct err *err)
{
    (void)self;
    (void)session;
    (void)token;
    (void)err;
    *out = (struct rpc_principal){
        .caller = RPC_CALLER_MEMBER, .scopes = RPC_SCOPE_READ | RPC_SCOPE_WRITE};
    out->member.bytes[0] = 7;
    return ERR_OK;
}

static struct rpc_server *listen_at(
    const char *url, bool forgets, struct db *db, struct model *model)
{
    static const struct rpc_method asks[] = {
        {"RouteQuestion", rpc_refuse, DB_TX_NONE},
        {"Ask", rpc_refuse, DB_TX_WRITE},
        {"GetAsk", rpc_refuse, DB_TX_NONE},
        {"ListAsks", rpc_refuse, DB_TX_NONE},
        {"Answer", rpc_answer, DB_TX_WRITE},
        {"Pass", rpc_refuse, DB_TX_WRITE},
        {"ExplainDecision", rpc_refuse, DB_TX_NONE},
    };
    static const struct rpc_method inbox[] = {
        {"ListNotifications", rpc_refuse, DB_TX_NONE},
        {"WatchNotifications", rpc_show_board, DB_TX_NONE},
        {"MarkRead", rpc_refuse, DB_TX_WRITE},
    };
    static const struct rpc_service services[] = {
        {&kith__v1__recommendation_service__descriptor, asks, 7},
        {&kith__v1__notification_service__descriptor, inbox, 3},
    };
    const struct rpc_registration registrations[] = {{&services[0], model}, {&services[1], model}};
    const struct rpc_server_config config = {
        .listen = url,
        .workers = WORKERS,
        .queue_limit = 1000,
        .max_message = 1 << 20,
        .max_memory = 4 << 20,
        .db = db,
        .clock = clock_system(),
        .authenticate = authenticate,
        .idempotency = forgets ? NULL : &idempotency_store,
    };
    struct rpc_server *server = NULL;
    struct err err = {0};
    assert_ok(rpc_server_new(&server, &config, registrations, 2, &err), &err);
    assert_ok(rpc_server_listen(server, &err), &err);
    return server;
}

static struct board *map_board(int fd)
{
    void *memory = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(memory != MAP_FAILED);
    return memory;
}

bool model_is_server(int argc, char *argv[])
{
    return argc == 4 && strcmp(argv[1], "serve") == 0;
}

int model_serve(char *argv[])
{
    struct model model = {.watched = {.bytes = {1}}};
    const struct timespec wake_after = {.tv_nsec = WAKE_NS};
    int n_told = -1;
    sigset_t stop;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    log_set_level(LOG_FATAL);
    model.board = map_board(BOARD_FD);
    struct db *db = test_db_open("model", "model", WORKERS + 1);
    struct rpc_server *server = listen_at(argv[2], strcmp(argv[3], "forget") == 0, db, &model);
    (void)!write(READY_FD, "r", 1);
    while (sigtimedwait(&stop, NULL, &wake_after) != SIGTERM) {
        int n_items = atomic_load(&model.board->n_items);
        if (n_items != n_told || atomic_load(&model.board->is_complete))
            rpc_server_wake(server, &model.watched);
        n_told = n_items;
    }
    (void)rpc_server_drain(server, DRAIN_MS);
    rpc_server_free(server);
    db_close(db);
    return 0;
}

/* ---- the side of who starts them ---- */

static int board_fd = -1;

struct board *model_board_new(void)
{
    if (board_fd >= 0)
        (void)close(board_fd);
    board_fd = memfd_create("board", MFD_CLOEXEC);
    assert_true(board_fd >= 0);
    assert_int_equal(ftruncate(board_fd, sizeof(struct board)), 0);
    return map_board(board_fd);
}

void model_server_start(struct model_server *server)
{
    int ready[2];
    char path[] = "/proc/self/exe", command[] = "serve", keep[] = "keep", forget[] = "forget";
    char *argv[] = {path, command, server->url, server->forgets ? forget : keep, NULL};
    posix_spawn_file_actions_t actions;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, ready[1], READY_FD);
    (void)posix_spawn_file_actions_adddup2(&actions, board_fd, BOARD_FD);
    assert_int_equal(posix_spawn(&server->pid, path, &actions, NULL, argv, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ready[1]);
    struct pollfd fd = {.fd = ready[0], .events = POLLIN};
    char byte;
    assert_int_equal(poll(&fd, 1, END_TRIES), 1);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
}

void model_server_kill(struct model_server *server)
{
    assert_int_equal(kill(server->pid, SIGKILL), 0);
    assert_int_equal(waitpid(server->pid, NULL, 0), server->pid);
}

void model_server_stop(struct model_server *server)
{
    int status = -1;
    pid_t ended = 0;
    assert_int_equal(kill(server->pid, SIGTERM), 0);
    for (int tries = 0; tries < END_TRIES && ended == 0; tries++) {
        ended = waitpid(server->pid, &status, WNOHANG);
        if (ended == 0)
            (void)poll(NULL, 0, 1);
    }
    if (ended == 0) {
        (void)kill(server->pid, SIGKILL);
        fail_msg("a server did not leave within 30 s");
    }
    assert_int_equal(status, 0);
}
