/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_PAUSE_MS = 10,
    ROUTE_PAUSE_MS = 200,
    ASK_PAUSE_MS = 400,
    EXPORT_PAUSE_MS = 1000,
    IMPORT_PAUSE_MS = 15 * 1000,
    CLIENT_PAUSE_MS = 100,
    STEP_MS = 100,
    IMPORT_ROWS = 300,
    IMPORT_SIZE = 64 * 1024,
    WAIT_MS = 500,
    TOLD_WITHIN_MS = 60 * 1000,
    MAX_CANCEL_MS = 4,
    CALL_TIMEOUT_MS = 5000,
};

static const char *const questions[] = {
    "Which snorkeling mask suits a beginner?",
    "Who knows how to prepare a field trial of a vaccine?",
    "Where can I learn to sail as an adult?",
    "Has anybody moved a team from one payroll system to another?",
};

static struct kith_call_options options(void)
{
    return (struct kith_call_options){
        .size = sizeof(struct kith_call_options), .timeout_ms = CALL_TIMEOUT_MS};
}

/* Up to so long, unless it is over. */
static void rest(struct load *load, int ms)
{
    for (; ms > 0 && !atomic_load(&load->is_over); ms -= STEP_MS)
        load_pause(ms < STEP_MS ? ms : STEP_MS);
}

/* ---- who reads, and sometimes changes her mind ---- */

struct change_of_mind {
    struct kith_client *client;
    struct kith_cancel *cancel;
    int after_ms;
};

static void *cancel_soon(void *arg)
{
    struct change_of_mind *change = arg;
    load_pause(change->after_ms);
    kith_cancel_calls(change->client, change->cancel);
    return NULL;
}

static enum kith_code read_one(struct kith_client *client, uint32_t what,
    const struct kith_call_options *call, struct kith_error **error)
{
    struct kith_result *result = NULL;
    enum kith_code code;
    switch (what) {
    case 0:
        code = kith_list_contacts(client, "Solis", NULL, call, &result, error);
        break;
    case 1:
        code = kith_list_notifications(client, true, NULL, call, &result, error);
        break;
    case 2:
        code = kith_list_asks(client, false, NULL, call, &result, error);
        break;
    default:
        code = kith_call(client, "ContactService/GetMember", "{}", call, &result, error);
        break;
    }
    kith_result_free(result);
    return code;
}

static void read_and_cancel(struct kith_client *client, uint32_t what)
{
    pthread_t thread;
    struct kith_error *error = NULL;
    struct kith_call_options call = options();
    struct change_of_mind change = {
        client, kith_cancel_new(), (int)arc4random_uniform(MAX_CANCEL_MS)};
    call.cancel = change.cancel;
    load_check(change.cancel && pthread_create(&thread, NULL, cancel_soon, &change) == 0,
        "no thread to cancel a call");
    load_forgive("a read that is cancelled", read_one(client, what, &call, &error), error);
    (void)pthread_join(thread, NULL);
    kith_cancel_free(change.cancel);
}

void *person_reads(void *arg)
{
    struct load *load = arg;
    struct kith_client *client = load_connect(load->asker);
    while (!atomic_load(&load->is_over)) {
        struct kith_error *error = NULL;
        struct kith_call_options call = options();
        uint32_t what = arc4random_uniform(8);
        if (load_chance(10))
            call.timeout_ms = 1 + (int64_t)arc4random_uniform(MAX_CANCEL_MS);
        if (load_chance(20))
            read_and_cancel(client, what);
        else
            load_forgive("a read", read_one(client, what, &call, &error), error);
        rest(load, READ_PAUSE_MS);
    }
    kith_client_free(client);
    return NULL;
}

void *person_routes(void *arg)
{
    struct load *load = arg;
    struct kith_client *client = load_connect(load->asker);
    while (!atomic_load(&load->is_over)) {
        struct kith_result *result = NULL;
        struct kith_error *error = NULL;
        struct kith_call_options call = options();
        enum kith_code code =
            kith_route(client, questions[arc4random_uniform(4)], &call, &result, &error);
        kith_result_free(result);
        load_forgive("a question", code, error);
        rest(load, ROUTE_PAUSE_MS);
    }
    kith_client_free(client);
    return NULL;
}

/* ---- who asks, and who answers ---- */

/* Until it is acknowledged; the id of the ask is copied. */
static void ask(struct load *load, struct kith_client *client, char id[LOAD_ID_SIZE])
{
    char key[LOAD_ID_SIZE];
    enum kith_code code = KITH_UNAVAILABLE;
    struct kith_call_options call = options();
    load_new_id(key);
    call.idempotency_key = key;
    while (code != KITH_OK) {
        struct kith_result *result = NULL;
        struct kith_error *error = NULL;
        code = kith_ask(client, questions[0], load->contact, &call, &result, &error);
        (void)snprintf(id, LOAD_ID_SIZE, "%s", kith_ask_id(kith_result_ask(result, 0)));
        kith_result_free(result);
        load_forgive("an ask", code, error);
    }
    ledger_note(load->asks, id);
    atomic_fetch_add(&load->n_asked, 1);
}

static void answer(struct load *load, struct kith_client *client, const char *id)
{
    enum kith_code code = KITH_UNAVAILABLE;
    struct kith_call_options call = options();
    call.idempotency_key = id;
    while (code != KITH_OK) {
        struct kith_result *result = NULL;
        struct kith_error *error = NULL;
        code = kith_answer(client, id, "One that sits without its strap.", &call, &result, &error);
        kith_result_free(result);
        load_forgive("an answer", code, error);
    }
    ledger_note(load->answers, id);
}

void *person_asks(void *arg)
{
    struct load *load = arg;
    struct kith_client *asker = load_connect(load->asker), *coach = load_connect(load->coach);
    while (!atomic_load(&load->is_over)) {
        char id[LOAD_ID_SIZE];
        ask(load, asker, id);
        answer(load, coach, id);
        rest(load, ASK_PAUSE_MS);
    }
    kith_client_free(asker);
    kith_client_free(coach);
    return NULL;
}

/* ---- who follows her inbox ---- */

struct watcher {
    struct load *load;
    struct kith_client *client;
    char cursor[LOAD_CURSOR_SIZE];
    unsigned n_told;
    int patience_ms; /* once nothing more comes but what is under way */
};

static bool has_left(struct watcher *w)
{
    if (!atomic_load(&w->load->is_all_settled))
        return false;
    w->patience_ms -= WAIT_MS;
    return w->n_told >= atomic_load(&w->load->n_asked) || w->patience_ms <= 0;
}

static void note_item(struct watcher *w, const struct kith_result *item)
{
    const struct kith_notification *news = kith_result_notification(item, 0);
    if (news && kith_notification_kind(news) == KITH_ASK_RECEIVED) {
        ledger_note(w->load->told, kith_notification_subject_id(news));
        w->n_told++;
    }
    (void)snprintf(w->cursor, sizeof(w->cursor), "%s", kith_result_cursor(item));
}

/* Until she has had enough of this stream, or it ends. */
static void follow(struct watcher *w, struct kith_stream *stream)
{
    while (!kith_stream_is_over(stream) && !load_chance(50) && !has_left(w)) {
        struct kith_result *item = NULL;
        struct kith_error *error = NULL;
        enum kith_code code = kith_stream_next(stream, WAIT_MS, &item, &error);
        if (item)
            note_item(w, item);
        kith_result_free(item);
        load_forgive("the inbox", code, error);
    }
}

void *person_watches(void *arg)
{
    struct load *load = arg;
    struct watcher w = {
        .load = load, .client = load_connect(load->coach), .patience_ms = TOLD_WITHIN_MS};
    (void)snprintf(w.cursor, sizeof(w.cursor), "%s", load->cursor);
    while (!has_left(&w)) {
        struct kith_stream *stream = NULL;
        struct kith_error *error = NULL;
        load_forgive("following the inbox",
            kith_stream_notifications(w.client, w.cursor, NULL, &stream, &error), error);
        if (stream)
            follow(&w, stream);
        kith_stream_close(stream);
    }
    kith_client_free(w.client);
    return NULL;
}

/* ---- who takes her contacts along, and who brings them ---- */

/* All of them, or as many as it takes to lose interest. */
static void export_some(struct kith_stream *stream)
{
    while (!kith_stream_is_over(stream) && !load_chance(500)) {
        struct kith_result *item = NULL;
        struct kith_error *error = NULL;
        enum kith_code code = kith_stream_next(stream, WAIT_MS, &item, &error);
        load_check(!item || kith_contact_name(kith_result_contact(item, 0))[0] != '\0',
            "an exported contact has no name");
        kith_result_free(item);
        load_forgive("an export", code, error);
    }
}

void *person_exports(void *arg)
{
    struct load *load = arg;
    struct kith_client *client = load_connect(load->asker);
    while (!atomic_load(&load->is_over)) {
        struct kith_stream *stream = NULL;
        struct kith_error *error = NULL;
        load_forgive("exporting", kith_stream_contacts(client, NULL, NULL, &stream, &error), error);
        if (stream)
            export_some(stream);
        kith_stream_close(stream);
        rest(load, EXPORT_PAUSE_MS);
    }
    kith_client_free(client);
    return NULL;
}

/* The same people as always, some with a new position, and one who is new. */
static size_t write_book(char *out, size_t size, const char *new_id)
{
    size_t len = (size_t)snprintf(out, size,
        "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
        "Row,%s,https://www.linkedin.com/in/%s,,,,05 Aug 2024\n",
        new_id, new_id);
    for (unsigned i = 0; i < IMPORT_ROWS && len < size; i++)
        len += (size_t)snprintf(out + len, size - len,
            "Ana%u,Solis%u,https://www.linkedin.com/in/ana-solis-%u,,Example%u,Engineer %u,"
            "05 Aug 2024\n",
            i, i, i, i % 20, load_chance(4) ? arc4random_uniform(100) : i);
    load_check(len < size, "the book is too long");
    return len;
}

/* Until it is acknowledged. */
static void import_book(struct load *load, struct kith_client *client)
{
    static char book[IMPORT_SIZE];
    char id[LOAD_ID_SIZE];
    enum kith_code code = KITH_UNAVAILABLE;
    load_new_id(id);
    size_t len = write_book(book, sizeof(book), id);
    while (code != KITH_OK) {
        struct kith_result *result = NULL;
        struct kith_error *error = NULL;
        struct kith_import_options import = {.size = sizeof(import)};
        FILE *file = fmemopen(book, len, "r");
        load_check(file, "no memory");
        code = kith_import_linkedin(client, file, &import, NULL, &result, &error);
        (void)fclose(file);
        kith_result_free(result);
        load_forgive("an import", code, error);
    }
    ledger_note(load->imports, id);
}

void *person_imports(void *arg)
{
    struct load *load = arg;
    struct kith_client *client = load_connect(load->asker);
    while (!atomic_load(&load->is_over)) {
        import_book(load, client);
        rest(load, IMPORT_PAUSE_MS);
    }
    kith_client_free(client);
    return NULL;
}

/* ---- who never stays ---- */

void *person_comes_and_goes(void *arg)
{
    struct load *load = arg;
    while (!atomic_load(&load->is_over)) {
        struct kith_client *client = load_connect(load->coach);
        struct kith_stream *stream = NULL;
        struct kith_error *error = NULL;
        struct kith_call_options call = options();
        load_forgive("a visit", read_one(client, arc4random_uniform(4), &call, &error), error);
        error = NULL;
        if (load_chance(3))
            load_forgive("a look into the inbox",
                kith_stream_notifications(client, NULL, NULL, &stream, &error), error);
        kith_stream_close(stream);
        kith_client_free(client);
        rest(load, CLIENT_PAUSE_MS);
    }
    return NULL;
}
