/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers, processes of their own, restarted under load: no call is lost, and none runs twice.
 */
#include "free_port.h"
#include "log/log.h"
#include "loop.h"
#include "unit_test.h"

#include <kith/v1/queue.pb-c.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLERS = 6, RESTARTS = 12, DRAIN_MS = 10000 };

struct process {
    char url[64];
    pid_t pid;
    int out; /* what it prints */
    int deliveries;
};

/* Tell that it is ready, that it is in use, and, after SIGTERM and a drain, how often it was. */
static int serve(const char *url)
{
    static struct loop loop;
    sigset_t stop;
    int signal_number;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* when the test fails */
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    (void)snprintf(loop.url, sizeof(loop.url), "%s", url);
    log_set_level(LOG_ERROR); /* standard output is for what follows */
    loop_serve(&loop, &(struct loop_config){0});
    int deliveries = 0;
    (void)!write(STDOUT_FILENO, &deliveries, sizeof(deliveries)); /* ready */
    while (atomic_load(&loop.deliveries) == 0)
        loop_pause();
    (void)!write(STDOUT_FILENO, &deliveries, sizeof(deliveries)); /* in use */
    (void)sigwait(&stop, &signal_number);
    bool is_complete = rpc_server_drain(loop.server, DRAIN_MS);
    rpc_server_free(loop.server);
    deliveries = atomic_load(&loop.deliveries);
    (void)!write(STDOUT_FILENO, &deliveries, sizeof(deliveries));
    return is_complete ? 0 : 1;
}

static int read_number(const struct process *p)
{
    int number = -1;
    struct pollfd fd = {.fd = p->out, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    assert_int_equal(read(p->out, &number, sizeof(number)), sizeof(number));
    return number;
}

static void launch(struct process *p)
{
    int ends[2];
    char path[] = "/proc/self/exe", command[] = "serve";
    char *argv[] = {path, command, p->url, NULL};
    posix_spawn_file_actions_t actions;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&p->pid, path, &actions, NULL, argv, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    p->out = ends[0];
    assert_int_equal(read_number(p), 0);
}

static void terminate(struct process *p)
{
    int status = -1;
    assert_int_equal(kill(p->pid, SIGTERM), 0);
    p->deliveries += read_number(p);
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    assert_int_equal(status, 0);
    (void)close(p->out);
}

struct world {
    struct process servers[2];
    struct rpc_client *client; /* of all servers */
    bool
        may_refuse; /* while there is no server, calls may fail, if it is sure they did not begin */
    atomic_bool is_over;
    atomic_int n_ok, n_failed;
    struct err first_failure;
};

/* Nothing about these calls may be repeated: one that is lost, or refused in the end, fails. */
static void *keep_calling(void *arg)
{
    struct world *w = arg;
    char producer[] = "test";
    Kith__V1__DeliverRequest in = KITH__V1__DELIVER_REQUEST__INIT;
    in.producer = producer;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    while (!atomic_load(&w->is_over)) {
        ProtobufCMessage *out = NULL;
        struct err err = {0};
        arena_reset(&arena);
        if (rpc_client_call(w->client, "/kith.v1.QueueService/Deliver", NULL, &in.base, &arena,
                &out, &err) == ERR_OK)
            atomic_fetch_add(&w->n_ok, 1);
        else if (w->may_refuse &&
                 (err.reason == REASON_SERVER_UNREACHABLE || err.reason == REASON_SERVER_DRAINING))
            continue;
        else if (atomic_fetch_add(&w->n_failed, 1) == 0)
            w->first_failure = err;
    }
    arena_fini(&arena);
    return NULL;
}

static pthread_t start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, arg), 0);
    return thread;
}

static void connect_to(struct world *w, size_t n_servers)
{
    char urls[160] = "";
    size_t len = 0;
    struct err err = {0};
    for (size_t i = 0; i < n_servers; i++) {
        (void)snprintf(
            w->servers[i].url, sizeof(w->servers[i].url), "tcp://127.0.0.1:%d", test_free_port());
        launch(&w->servers[i]);
        len += (size_t)snprintf(
            urls + len, sizeof(urls) - len, "%s%s", i > 0 ? "," : "", w->servers[i].url);
    }
    const struct rpc_client_config config = {.endpoints = urls, .token = "service"};
    assert_ok(rpc_client_new(&w->client, &config, &err), &err);
}

static void disconnect(struct world *w, size_t n_servers)
{
    int deliveries = 0;
    rpc_client_free(w->client);
    for (size_t i = 0; i < n_servers; i++) {
        terminate(&w->servers[i]);
        deliveries += w->servers[i].deliveries;
    }
    if (atomic_load(&w->n_failed) > 0)
        fail_msg("%d of %d calls failed, the first with %s", atomic_load(&w->n_failed),
            atomic_load(&w->n_failed) + atomic_load(&w->n_ok), w->first_failure.msg);
    assert_int_equal(atomic_load(&w->n_ok), deliveries); /* each ran once */
}

static void a_rolling_restart_under_load_fails_no_call(void **state)
{
    (void)state;
    static struct world w;
    pthread_t threads[CALLERS];
    connect_to(&w, 2);
    for (int i = 0; i < CALLERS; i++)
        threads[i] = start(keep_calling, &w);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(read_number(&w.servers[i]), 0); /* in use */
    for (int i = 0; i < RESTARTS; i++) {
        terminate(&w.servers[i % 2]);
        launch(&w.servers[i % 2]);
        assert_int_equal(read_number(&w.servers[i % 2]), 0); /* in use again */
    }
    atomic_store(&w.is_over, true);
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    print_message("%d calls through %d restarts\n", atomic_load(&w.n_ok), (int)RESTARTS);
    disconnect(&w, 2);
}

static void where_there_is_no_other_server_a_call_runs_once_or_surely_not_at_all(void **state)
{
    (void)state;
    static struct world w;
    w.may_refuse = true;
    connect_to(&w, 1);
    pthread_t thread = start(keep_calling, &w);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(read_number(&w.servers[0]), 0); /* in use */
        terminate(&w.servers[0]);
        launch(&w.servers[0]);
    }
    assert_int_equal(read_number(&w.servers[0]), 0);
    atomic_store(&w.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    disconnect(&w, 1);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rolling_restart_under_load_fails_no_call),
        cmocka_unit_test(where_there_is_no_other_server_a_call_runs_once_or_surely_not_at_all),
    };
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
