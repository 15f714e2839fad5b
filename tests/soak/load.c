/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     soak_load DIR
 *
 * Works until SIGTERM, then finishes what is under way. DIR has the tokens and ids that the crash
 * test's driver left there by `driver setup`, and gets the ledgers that its `driver verify` reads,
 * and one more: `told`, the asks the coach's stream told of.
 */
#include "load.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAUSE_MS = 20, MAX_PEOPLE = 16 };

static const struct {
    person_fn *run;
    int n;
} people[] = {
    {person_reads, 2},
    {person_routes, 1},
    {person_asks, 2},
    {person_exports, 1},
    {person_imports, 1},
    {person_comes_and_goes, 1},
};

/* ---- what they share ---- */

void load_die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)fputs("soak load: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    (void)fputs("\n", stderr);
    va_end(args);
    _exit(1);
}

bool load_chance(uint32_t n)
{
    return arc4random_uniform(n) == 0;
}

void load_pause(int ms)
{
    (void)poll(NULL, 0, ms);
}

void load_new_id(char out[LOAD_ID_SIZE])
{
    uint8_t b[16];
    arc4random_buf(b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(out, LOAD_ID_SIZE,
        "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
        b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

struct kith_client *load_connect(const char *token)
{
    struct kith_settings settings = {.size = sizeof(settings), .token = token};
    struct kith_client *client = NULL;
    struct kith_error *error = NULL;
    load_check(kith_client_new(&settings, &client, &error) == KITH_OK, "no client: %s",
        kith_error_message(error));
    return client;
}

void load_forgive(const char *what, enum kith_code code, struct kith_error *error)
{
    bool may_get_better = code == KITH_UNAVAILABLE || code == KITH_DEADLINE_EXCEEDED ||
                          code == KITH_ABORTED || code == KITH_RESOURCE_EXHAUSTED ||
                          code == KITH_CANCELLED;
    load_check(code == KITH_OK || may_get_better, "%s: %s: %s (%s)", what, kith_error_reason(error),
        kith_error_message(error), kith_error_trace_id(error));
    if (code != KITH_OK && code != KITH_CANCELLED)
        load_pause(PAUSE_MS);
    kith_error_free(error);
}

/* ---- beginning and end ---- */

static void read_line(const char *file, char *out, int size)
{
    FILE *f = fopen(file, "re");
    load_check(f && fgets(out, size, f), "can not read %s", file);
    (void)fclose(f);
    out[strcspn(out, "\n")] = '\0';
}

static void await_signal(void)
{
    sigset_t set;
    int number;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigwait(&set, &number);
}

static void block_signal(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static pthread_t start(person_fn *run, struct load *load)
{
    pthread_t thread;
    load_check(pthread_create(&thread, NULL, run, load) == 0, "no thread");
    return thread;
}

static void find_cursor(struct load *load)
{
    struct kith_client *client = load_connect(load->coach);
    struct kith_result *inbox = NULL;
    struct kith_error *error = NULL;
    load_check(kith_list_notifications(client, false, NULL, NULL, &inbox, &error) == KITH_OK,
        "no inbox: %s", kith_error_message(error));
    (void)snprintf(load->cursor, sizeof(load->cursor), "%s", kith_result_cursor(inbox));
    kith_result_free(inbox);
    kith_client_free(client);
}

static void work(struct load *load)
{
    pthread_t threads[MAX_PEOPLE];
    size_t n = 0;
    pthread_t watcher = start(person_watches, load);
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
        for (int j = 0; j < people[i].n; j++)
            threads[n++] = start(people[i].run, load);
    await_signal();
    atomic_store(&load->is_over, true);
    while (n > 0)
        (void)pthread_join(threads[--n], NULL);
    atomic_store(&load->is_all_settled, true);
    (void)pthread_join(watcher, NULL);
}

int main(int argc, char *argv[])
{
    static struct load load;
    load_check(argc == 2 && chdir(argv[1]) == 0, "usage: soak_load DIR");
    block_signal();
    read_line("asker", load.asker, sizeof(load.asker));
    read_line("coach", load.coach, sizeof(load.coach));
    read_line("contact", load.contact, sizeof(load.contact));
    load.imports = ledger_open("imports");
    load.asks = ledger_open("asks");
    load.answers = ledger_open("answers");
    load.told = ledger_open("told");
    find_cursor(&load);
    work(&load);
    return 0;
}
