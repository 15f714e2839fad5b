/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a server that is asked for ten times what it can do: calls whose handler waits,
 * as for a database, or costs processor time, sent at random moments whether or not earlier ones
 * are answered (open loop), by clients in another process, over loopback TCP.
 *
 *     bench_overload [--seconds 5] [--factor 10] [--wait-us 8000] [--cost-us 0] [--workers 8]
 *                    [--callers 4] [--target-ms 5] [--interval-ms 100] [--unthrottled]
 *
 * First how many calls a second it can do (closed loop), then half, 0.9 and `factor` times that,
 * then half of it again; so many seconds each, those that are not overload at most 10. --target-ms
 * 0 switches the refusing of late calls off, --unthrottled that clients hold back what would be
 * refused. Prints a line for each; `p50us` and `p99us` are of the calls that were served, `server`
 * and `clients` the processors each process used. The last line says after how many seconds of half
 * the load all calls of a second were served as quickly as before.
 */
#include "clock/clock.h"
#include "free_port.h"
#include "log/log.h"
#include "rpc/client.h"
#include "rpc/histogram.h"
#include "rpc/server.h"

#include <kith/v1/queue.pb-c.h>

#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_CALLERS = 16,
    MAX_SECONDS = 600,
    CLOSED_LOOP = 3 /* for each worker */,
    CALIBRATE_S = 3,
    CALM_S = 10
};

/* A caller who does not wait long: a refused call is made again only where it was told to wait
 * less. */
enum { TIMEOUT_MS = 99 };

static const char METHOD[] = "/kith.v1.QueueService/Deliver";

static struct settings {
    long seconds, factor, wait_us, cost_us, workers, callers, target_ms, interval_ms;
    int is_unthrottled;
    char url[64];
} settings = {5, 10, 8000, 0, 8, 4, 5, 100, 0, ""};

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

static void give_up(const struct err *err)
{
    (void)fprintf(stderr, "bench_overload: %s\n", err->msg);
    exit(1);
}

/* ---- the server's process ---- */

static int64_t thread_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

rpc_handler_fn rpc_deliver;

RPC_HANDLER(deliver, Kith__V1__DeliverRequest, Kith__V1__DeliverResponse)
{
    (void)ctx;
    (void)in;
    (void)out;
    const struct timespec wait = {.tv_nsec = settings.wait_us * 1000};
    if (settings.wait_us > 0)
        (void)ppoll(NULL, 0, &wait, NULL);
    int64_t until_us = thread_us() + settings.cost_us;
    while (thread_us() < until_us)
        ;
    return ERR_OK;
}

static enum err_code let_in(void *self, struct db_session *db, const char *token,
    struct rpc_principal *out, struct err *err)
{
    (void)self;
    (void)db;
    (void)token;
    (void)err;
    *out = (struct rpc_principal){.caller = RPC_CALLER_SERVICE};
    return ERR_OK;
}

static void serve(int ready)
{
    static const struct rpc_method methods[] = {{"Deliver", rpc_deliver, DB_TX_NONE}};
    static const struct rpc_service queue = {&kith__v1__queue_service__descriptor, methods, 1};
    const struct rpc_server_config config = {
        .listen = settings.url,
        .workers = settings.workers,
        .queue_limit = 1024,
        .max_message = 1 << 20,
        .max_memory = 4 << 20,
        .clock = clock_system(),
        .authenticate = let_in,
        .limits = {.queue_target_ms = settings.target_ms,
            .queue_interval_ms = settings.interval_ms},
    };
    const struct rpc_registration services[] = {{&queue, NULL}};
    struct rpc_server *server;
    struct err err = {0};
    if (rpc_server_new(&server, &config, services, 1, &err) != ERR_OK ||
        rpc_server_listen(server, &err) != ERR_OK)
        give_up(&err);
    (void)!write(ready, "r", 1);
    for (;;)
        (void)pause();
}

/* ---- the clients' ---- */

/* What came back of the calls made in one second. */
struct second {
    atomic_long n_sent, n_served, n_refused, n_throttled, n_failed;
    struct histogram served_us;
};

struct phase {
    struct second seconds[MAX_SECONDS];
    long n_seconds;
    struct timespec server_cpu, clients_cpu; /* used before it */
};

struct flight {
    struct second *second;
    int64_t began_us;
};

static clockid_t server_clock;
static struct rpc_client *clients[MAX_CALLERS];
static atomic_long n_in_flight;
static const struct db_bytes request = {"\n\5bench", 7};
static const struct rpc_call_options options = {.timeout_ms = TIMEOUT_MS};

static void on_done(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct flight *flight = arg;
    struct second *second = flight->second;
    (void)out;
    if (!err) {
        atomic_fetch_add(&second->n_served, 1);
        histogram_add(&second->served_us, now_us() - flight->began_us);
    } else if (err->reason == REASON_CALL_THROTTLED) {
        atomic_fetch_add(&second->n_throttled, 1);
    } else if (err->code == ERR_RESOURCE_EXHAUSTED) {
        atomic_fetch_add(&second->n_refused, 1);
    } else {
        atomic_fetch_add(&second->n_failed, 1);
    }
    atomic_fetch_sub(&n_in_flight, 1);
    free(flight);
}

static void send_one(struct second *second, struct rpc_client *client)
{
    struct flight *flight = malloc(sizeof(*flight));
    if (!flight)
        exit(1);
    *flight = (struct flight){second, now_us()};
    atomic_fetch_add(&n_in_flight, 1);
    atomic_fetch_add(&second->n_sent, 1);
    rpc_client_call_async(client, METHOD, &options, &request, on_done, flight);
}

static void begin_phase(struct phase *phase)
{
    memset(phase, 0, sizeof(*phase));
    (void)clock_gettime(server_clock, &phase->server_cpu);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &phase->clients_cpu);
}

/* Calls at random moments, so many a second (a Poisson process). */
static void run_open(struct phase *phase, double per_second, long seconds)
{
    int64_t begin_us = now_us();
    double next_us = 0;
    uint64_t n = 0;
    begin_phase(phase);
    phase->n_seconds = seconds;
    while (next_us < (double)seconds * 1e6) {
        int64_t wait_us = begin_us + (int64_t)next_us - now_us();
        if (wait_us > 1000) {
            (void)poll(NULL, 0, (int)(wait_us / 1000));
            continue;
        }
        send_one(&phase->seconds[(long)(next_us / 1e6)], clients[n++ % (uint64_t)settings.callers]);
        next_us += -log(1.0 - drand48()) * 1e6 / per_second;
    }
    while (atomic_load(&n_in_flight) > 0)
        (void)poll(NULL, 0, 1);
}

/* As many as it can do: each answer makes the next call. */
static double calibrate(struct phase *phase)
{
    struct second *all = &phase->seconds[0];
    int64_t end_us = now_us() + CALIBRATE_S * 1000000;
    memset(phase, 0, sizeof(*phase));
    while (now_us() < end_us) {
        if (atomic_load(&n_in_flight) < CLOSED_LOOP * settings.workers)
            send_one(all, clients[atomic_load(&all->n_sent) % settings.callers]);
        else
            (void)poll(NULL, 0, 1);
    }
    while (atomic_load(&n_in_flight) > 0)
        (void)poll(NULL, 0, 1);
    return (double)atomic_load(&all->n_served) / CALIBRATE_S;
}

static int64_t percentile(const struct phase *phase, long first, long n, double share)
{
    struct histogram_copy sum = {0};
    for (long i = first; i < first + n; i++)
        histogram_read(&phase->seconds[i].served_us, &sum);
    return histogram_percentile(&sum, share);
}

static double seconds_since(clockid_t clock, const struct timespec *then)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

static void print_phase(const char *name, const struct phase *phase, double capacity)
{
    long n_sent = 0, n_served = 0, n_refused = 0, n_throttled = 0, n_failed = 0;
    double seconds = (double)phase->n_seconds;
    for (long i = 0; i < phase->n_seconds; i++) {
        n_sent += atomic_load(&phase->seconds[i].n_sent);
        n_served += atomic_load(&phase->seconds[i].n_served);
        n_refused += atomic_load(&phase->seconds[i].n_refused);
        n_throttled += atomic_load(&phase->seconds[i].n_throttled);
        n_failed += atomic_load(&phase->seconds[i].n_failed);
    }
    (void)printf("%-9s sent=%.0f/s served=%.0f/s share_of_capacity=%.2f refused=%.0f/s "
                 "throttled=%.0f/s failed=%.0f/s p50us=%ld p99us=%ld server=%.2f clients=%.2f\n",
        name, (double)n_sent / seconds, (double)n_served / seconds,
        (double)n_served / seconds / capacity, (double)n_refused / seconds,
        (double)n_throttled / seconds, (double)n_failed / seconds,
        (long)percentile(phase, 0, phase->n_seconds, 0.5),
        (long)percentile(phase, 0, phase->n_seconds, 0.99),
        seconds_since(server_clock, &phase->server_cpu) / seconds,
        seconds_since(CLOCK_PROCESS_CPUTIME_ID, &phase->clients_cpu) / seconds);
    (void)fflush(stdout);
}

/* The first second that looks like any before: nothing refused, no call slower than twice p99. */
static long recovered_after(const struct phase *after, int64_t p99_us)
{
    for (long i = 0; i < after->n_seconds; i++) {
        const struct second *s = &after->seconds[i];
        if (atomic_load(&s->n_served) == atomic_load(&s->n_sent) &&
            percentile(after, i, 1, 0.99) <= 2 * p99_us)
            return i;
    }
    return -1;
}

static void measure(void)
{
    static struct phase phase;
    struct err err = {0};
    const struct rpc_client_config config = {
        .endpoints = settings.url, .token = "bench", .is_unthrottled = settings.is_unthrottled};
    for (long i = 0; i < settings.callers; i++)
        if (rpc_client_new(&clients[i], &config, &err) != ERR_OK)
            give_up(&err);
    long calm_s = settings.seconds < CALM_S ? settings.seconds : CALM_S;
    double capacity = calibrate(&phase);
    (void)printf("capacity  served=%.0f/s wait_us=%ld cost_us=%ld workers=%ld target_ms=%ld\n",
        capacity, settings.wait_us, settings.cost_us, settings.workers, settings.target_ms);
    run_open(&phase, capacity * 0.5, calm_s);
    int64_t calm_p99_us = percentile(&phase, 0, calm_s, 0.99);
    print_phase("half", &phase, capacity);
    run_open(&phase, capacity * 0.9, calm_s);
    print_phase("peak", &phase, capacity);
    run_open(&phase, capacity * (double)settings.factor, settings.seconds);
    print_phase("overload", &phase, capacity);
    run_open(&phase, capacity * 0.5, calm_s);
    print_phase("after", &phase, capacity);
    (void)printf("recovered_s=%ld\n", recovered_after(&phase, calm_p99_us));
    (void)fflush(stdout);
}

/* ---- both ---- */

static void choose_url(void)
{
    (void)snprintf(settings.url, sizeof(settings.url), "tcp://127.0.0.1:%d", test_free_port());
}

static void read_options(int argc, char **argv)
{
    static const struct option known[] = {{"seconds", required_argument, NULL, 's'},
        {"factor", required_argument, NULL, 'f'}, {"cost-us", required_argument, NULL, 'c'},
        {"wait-us", required_argument, NULL, 'u'}, {"workers", required_argument, NULL, 'w'},
        {"callers", required_argument, NULL, 'n'}, {"target-ms", required_argument, NULL, 't'},
        {"interval-ms", required_argument, NULL, 'i'},
        {"unthrottled", no_argument, &settings.is_unthrottled, 1}, {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        long *const into[] = {['s'] = &settings.seconds,
            ['f'] = &settings.factor,
            ['c'] = &settings.cost_us,
            ['u'] = &settings.wait_us,
            ['w'] = &settings.workers,
            ['n'] = &settings.callers,
            ['t'] = &settings.target_ms,
            ['i'] = &settings.interval_ms};
        if (option == '?')
            exit(2);
        if (option == 0)
            continue;
        *into[option] = strtol(optarg, NULL, 10);
    }
    if (settings.seconds < 1 || settings.seconds > MAX_SECONDS || settings.callers < 1 ||
        settings.callers > MAX_CALLERS)
        exit(2);
}

int main(int argc, char **argv)
{
    int ready[2];
    char byte;
    read_options(argc, argv);
    log_open("bench", "bench", LOG_FORMAT_LOGFMT, LOG_WARN);
    choose_url();
    if (pipe(ready) != 0)
        return 1;
    pid_t server = fork(); /* before the first call of NNG, which does not survive it */
    if (server == 0)
        serve(ready[1]);
    (void)close(ready[1]);
    (void)clock_getcpuclockid(server, &server_clock);
    if (read(ready[0], &byte, 1) == 1)
        measure();
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    _exit(0);
}
