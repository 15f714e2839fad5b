/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many calls, and how fast: a client with a fixed number of calls in flight against a server in
 * a process of its own, both of this program, over loopback TCP.
 *
 *     bench_rpc [--in-flight 64] [--bytes 100] [--seconds 2] [--workers 2] [--slow PER_MILLE]
 *         [--unbatched] [--by-workers]
 *
 * Calls HealthService/Ping with so many bytes; of a thousand calls, PER_MILLE take 50 ms instead.
 * --unbatched: each call is a message of its own, as those of a client without sessions.
 * --by-workers: Ping waits for nothing, and may run where it is received; here it does not, and
 * takes the way to a worker that most methods take.
 *
 *     bench_rpc --url URL --method /kith.v1.ContactService/GetMember [--token-file F] [--in-flight
 * N]
 *
 * Calls a method of a running service with an empty request.
 * Prints one line with rate= (calls per second), p50us= and p99us= (of the fast calls).
 */
#include "clock/clock.h"
#include "free_port.h"
#include "log/log.h"
#include "random.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "unbatched.h"

#include <kith/v1/queue.pb-c.h>

#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOW_MS = 50, WARM_UP_MS = 500, BUCKETS = 2048, MAX_BYTES = 65536 };

struct settings {
    long in_flight, bytes, seconds, workers, slow;
    char url[64];
    bool has_server; /* one runs already at that address */
    bool is_unbatched, is_by_workers;
    const char *method;
    char token[80];
};

static void nap_ms(long ms)
{
    (void)poll(NULL, 0, (int)ms);
}

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

static void give_up(const struct err *err)
{
    (void)fprintf(stderr, "bench_rpc: %s\n", err->msg);
    exit(1);
}

/* ---- the server's process ---- */

rpc_handler_fn rpc_deliver;

RPC_HANDLER(deliver, Kith__V1__DeliverRequest, Kith__V1__DeliverResponse)
{
    (void)ctx;
    (void)in;
    (void)out;
    nap_ms(SLOW_MS);
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

static void serve(const struct settings *settings, int ready)
{
    static const struct rpc_method methods[] = {{"Deliver", rpc_deliver, DB_TX_NONE}};
    static const struct rpc_service queue = {&kith__v1__queue_service__descriptor, methods, 1};
    const struct rpc_server_config config = {
        .listen = settings->url,
        .workers = settings->workers,
        .queue_limit = 100000,
        .max_message = 1 << 20,
        .max_memory = 4 << 20,
        .clock = clock_system(),
        .authenticate = let_in,
        .has_no_desks = settings->is_by_workers,
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

/* ---- the client's ---- */

struct bench {
    struct rpc_client *client;
    const struct settings *settings;
    struct db_bytes ping, delivery;
    atomic_bool is_measuring;
    atomic_long n_fast, n_slow, n_failed, n_all;
    atomic_uint histogram[BUCKETS];
};

/* One call in flight, over and over. */
struct flight {
    struct bench *bench;
    struct unbatched *unbatched;
    uint64_t random;
    int64_t started_us;
    bool is_slow;
};

static void fly(struct flight *flight);

/* Buckets of 1 us, then of a sixteenth of their magnitude. */
static unsigned bucket_of(uint64_t us)
{
    if (us < 32)
        return (unsigned)us;
    unsigned magnitude = 63u - (unsigned)__builtin_clzll(us);
    unsigned bucket = ((magnitude - 4) << 4) + (unsigned)((us >> (magnitude - 4)) & 15) + 16;
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static uint64_t start_of(unsigned bucket)
{
    if (bucket < 32)
        return bucket;
    unsigned magnitude = ((bucket - 16) >> 4) + 4;
    return (UINT64_C(1) << magnitude) + ((uint64_t)((bucket - 16) & 15) << (magnitude - 4));
}

static void on_done(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct flight *flight = arg;
    struct bench *bench = flight->bench;
    (void)out;
    atomic_fetch_add_explicit(&bench->n_all, 1, memory_order_relaxed);
    if (err)
        atomic_fetch_add(&bench->n_failed, 1);
    else if (atomic_load_explicit(&bench->is_measuring, memory_order_relaxed)) {
        atomic_fetch_add(flight->is_slow ? &bench->n_slow : &bench->n_fast, 1);
        if (!flight->is_slow)
            atomic_fetch_add(
                &bench->histogram[bucket_of((uint64_t)(now_us() - flight->started_us))], 1);
    }
    if (!err)
        fly(flight);
}

static void fly(struct flight *flight)
{
    struct bench *bench = flight->bench;
    flight->is_slow = (long)(random_next(&flight->random) % 1000) < bench->settings->slow;
    flight->started_us = now_us();
    if (flight->unbatched) {
        unbatched_call(flight->unbatched, &bench->ping, on_done, flight);
        return;
    }
    rpc_client_call_async(bench->client,
        flight->is_slow ? "/kith.v1.QueueService/Deliver" : bench->settings->method, NULL,
        flight->is_slow ? &bench->delivery : &bench->ping, on_done, flight);
}

static uint64_t percentile(struct bench *bench, double share)
{
    double wanted = (double)atomic_load(&bench->n_fast) * share, seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += atomic_load(&bench->histogram[i]);
        if (seen >= wanted)
            return start_of(i);
    }
    return 0;
}

static double cpu_s(int who)
{
    struct rusage usage;
    (void)getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void measure(const struct settings *settings, pid_t server)
{
    static struct bench bench;
    static uint8_t payload[MAX_BYTES + 8];
    size_t bytes = (size_t)settings->bytes, head = 1;
    payload[0] = 0x0a; /* field 1, length delimited */
    for (size_t n = bytes; head == 1 || n > 0; n >>= 7)
        payload[head++] = (uint8_t)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
    bench.settings = settings;
    bench.ping = (struct db_bytes){payload, settings->has_server ? 0 : head + bytes};
    bench.delivery = (struct db_bytes){"\n\5bench", 7};
    const struct rpc_client_config config = {.endpoints = settings->url, .token = settings->token};
    struct err err = {0};
    if (rpc_client_new(&bench.client, &config, &err) != ERR_OK)
        give_up(&err);
    struct flight *flights = calloc((size_t)settings->in_flight, sizeof(*flights));
    for (long i = 0; flights && i < settings->in_flight; i++) {
        flights[i] = (struct flight){.bench = &bench, .random = 88172645463325252u + (uint64_t)i};
        if (settings->is_unbatched)
            flights[i].unbatched = unbatched_new(settings->url, settings->method);
        fly(&flights[i]);
    }
    nap_ms(WARM_UP_MS);
    double cpu = cpu_s(RUSAGE_SELF);
    int64_t start_us = now_us();
    atomic_store(&bench.is_measuring, true);
    nap_ms(settings->seconds * 1000);
    atomic_store(&bench.is_measuring, false);
    double seconds = (double)(now_us() - start_us) / 1e6;
    cpu = cpu_s(RUSAGE_SELF) - cpu;
    long n_failed = atomic_load(&bench.n_failed);
    double all = (double)atomic_load(&bench.n_all);
    if (server > 0) {
        (void)kill(server, SIGKILL);
        (void)waitpid(server, NULL, 0);
    }
    double n = (double)(atomic_load(&bench.n_fast) + atomic_load(&bench.n_slow));
    (void)printf("kith in_flight=%ld bytes=%ld slow=%ld/1000 rate=%.0f p50us=%lu p99us=%lu "
                 "client_cpu_us=%.2f server_cpu_us=%.2f failed=%ld\n",
        settings->in_flight, settings->bytes, settings->slow, n / seconds,
        (unsigned long)percentile(&bench, 0.5), (unsigned long)percentile(&bench, 0.99),
        cpu * 1e6 / n, cpu_s(RUSAGE_CHILDREN) * 1e6 / all, n_failed);
    (void)fflush(stdout);
}

/* ---- both ---- */

static void choose_url(struct settings *settings)
{
    (void)snprintf(settings->url, sizeof(settings->url), "tcp://127.0.0.1:%d", test_free_port());
}

static void read_token(const char *path, struct settings *settings)
{
    FILE *file = fopen(path, "re");
    if (!file || !fgets(settings->token, sizeof(settings->token), file)) {
        perror(path);
        exit(2);
    }
    settings->token[strcspn(settings->token, "\n")] = '\0';
    (void)fclose(file);
}

static void read_options(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {{"in-flight", required_argument, NULL, 'i'},
        {"bytes", required_argument, NULL, 'b'}, {"seconds", required_argument, NULL, 't'},
        {"workers", required_argument, NULL, 'w'}, {"slow", required_argument, NULL, 's'},
        {"url", required_argument, NULL, 'u'}, {"method", required_argument, NULL, 'm'},
        {"token-file", required_argument, NULL, 'f'}, {"unbatched", no_argument, NULL, 'n'},
        {"by-workers", no_argument, NULL, 'o'}, {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        long value = optarg ? strtol(optarg, NULL, 10) : 0;
        switch (option) {
        case 'i':
            settings->in_flight = value;
            break;
        case 'b':
            settings->bytes = value < MAX_BYTES ? value : MAX_BYTES;
            break;
        case 't':
            settings->seconds = value;
            break;
        case 'w':
            settings->workers = value;
            break;
        case 's':
            settings->slow = value;
            break;
        case 'n':
            settings->is_unbatched = true;
            break;
        case 'o':
            settings->is_by_workers = true;
            break;
        case 'u':
            (void)snprintf(settings->url, sizeof(settings->url), "%s", optarg);
            settings->has_server = true;
            break;
        case 'm':
            settings->method = optarg;
            break;
        case 'f':
            read_token(optarg, settings);
            break;
        default:
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    struct settings settings = {.in_flight = 64,
        .bytes = 100,
        .seconds = 2,
        .workers = 2,
        .method = "/kith.v1.HealthService/Ping",
        .token = "bench"};
    int ready[2];
    char byte;
    read_options(argc, argv, &settings);
    log_open("bench", "bench", LOG_FORMAT_LOGFMT, LOG_WARN);
    if (settings.has_server) {
        measure(&settings, 0);
        _exit(0);
    }
    choose_url(&settings);
    if (pipe(ready) != 0)
        return 1;
    pid_t server = fork(); /* before the first call of NNG, which does not survive it */
    if (server == 0)
        serve(&settings, ready[1]);
    (void)close(ready[1]);
    if (read(ready[0], &byte, 1) == 1)
        measure(&settings, server);
    _exit(0); /* the calls in flight need no farewell */
}
