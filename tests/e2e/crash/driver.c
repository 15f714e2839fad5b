/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of the crash test: imports, asks and answers without pause while services die, and
 * notes in files of its own what was acknowledged. Those files are the oracle; afterwards they are
 * held against what the services say.
 *
 *     driver setup DIR     two members who are connected; tokens and contact id go to DIR
 *     driver work DIR      imports, asks and answers until SIGTERM, then finishes what is under way
 *     driver verify DIR    nothing acknowledged is lost, nothing is there twice
 *
 * The endpoints are taken from KITH_CONTACT_ENDPOINTS and so on, the operator's token from the file
 * KITH_OPERATOR_TOKEN_FILE names.
 */
#include "driver.h"

#include "ids/ids.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/recommendation.pb-c.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4 };

static atomic_bool is_stopping;

/* protobuf-c's structs have no const strings, but nobody writes into them. */
static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

/* ---- setup ------------------------------------------------------------------------------------
 */

static void create_member(
    struct peer *contact, struct arena *arena, const char *name, const char *file)
{
    Kith__V1__CreateMemberRequest in = KITH__V1__CREATE_MEMBER_REQUEST__INIT;
    char key[ID_TEXT_SIZE], email[80];
    struct id id = id_new(clock_system());
    id_format(&id, key);
    (void)snprintf(email, sizeof(email), "%s@example.org", key);
    in.name = text(name);
    in.email = email;
    const Kith__V1__CreateMemberResponse *out =
        CALL(contact, "/kith.v1.ContactService/CreateMember", &in.base, key, arena);
    driver_write(file, out->token);
}

/* One entry more in the address book of `peer`; only imports make entries. */
static void import_entry(
    struct peer *peer, const char *first, const char *last, struct arena *arena)
{
    static const char header[] =
        "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n";
    Kith__V1__ImportFileRequest in = KITH__V1__IMPORT_FILE_REQUEST__INIT;
    char import[ID_TEXT_SIZE];
    struct id id = id_new(clock_system());
    id_format(&id, import);
    char *csv = arena_printf(arena, "%s%s,%s,https://www.linkedin.com/in/%s,,,,05 Aug 2024\n",
        header, first, last, last);
    in.import_id = import;
    in.format = KITH__V1__IMPORT_FORMAT__IMPORT_FORMAT_LINKEDIN_CONNECTIONS;
    in.chunk.data = (uint8_t *)csv;
    in.chunk.len = strlen(csv);
    in.is_last = true;
    (void)CALL(peer, "/kith.v1.ContactService/ImportFile", &in.base, NULL, arena);
}

static const char *import_coach(struct peer *peer, struct arena *arena)
{
    import_entry(peer, "Dana", "Whitlock", arena);
    Kith__V1__ListContactsRequest list = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    const Kith__V1__ListContactsResponse *out =
        CALL(peer, "/kith.v1.ContactService/ListContacts", &list.base, NULL, arena);
    driver_check(out->n_contacts == 1, "the import made %zu contacts", out->n_contacts);
    return out->contacts[0]->id;
}

static void connect_people(struct peer *asker, struct peer *coach, struct arena *arena)
{
    Kith__V1__SendInvitationRequest invite = KITH__V1__SEND_INVITATION_REQUEST__INIT;
    Kith__V1__AcceptInvitationRequest accept = KITH__V1__ACCEPT_INVITATION_REQUEST__INIT;
    invite.contact_id = text(import_coach(asker, arena));
    driver_write("contact", invite.contact_id);
    const Kith__V1__SendInvitationResponse *sent =
        CALL(asker, "/kith.v1.ContactService/SendInvitation", &invite.base, "invite", arena);
    accept.code = sent->invitation->code;
    (void)CALL(coach, "/kith.v1.ContactService/AcceptInvitation", &accept.base, NULL, arena);
}

static void set_up(struct arena *arena)
{
    struct peer keeper = driver_dial("CONTACT", getenv("KITH_OPERATOR_TOKEN_FILE"));
    create_member(&keeper, arena, "Mira Solberg", "asker");
    create_member(&keeper, arena, "Dana Whitlock", "coach");
    struct peer asker = driver_dial("CONTACT", "asker"), coach = driver_dial("CONTACT", "coach");
    connect_people(&asker, &coach, arena);
    driver_hang_up(&keeper);
    driver_hang_up(&asker);
    driver_hang_up(&coach);
}

/* ---- work -------------------------------------------------------------------------------------
 */

struct worker {
    pthread_t thread;
    struct peer book, asker, coach;
    const char *contact;
    struct ledger *imports, *asks, *answers;
};

/* One round of the main job. Every step is repeated with its key until it is acknowledged. */
static void import_ask_answer(struct worker *w, struct arena *arena)
{
    Kith__V1__AskRequest ask = KITH__V1__ASK_REQUEST__INIT;
    Kith__V1__AnswerRequest answer = KITH__V1__ANSWER_REQUEST__INIT;
    char key[ID_TEXT_SIZE];
    struct id id = id_new(clock_system());
    id_format(&id, key);
    import_entry(&w->book, "Row", key, arena);
    ledger_note(w->imports, key);
    ask.question = text("Which fins should I take on a trip?");
    ask.contact_id = text(w->contact);
    const Kith__V1__AskResponse *asked =
        CALL(&w->asker, "/kith.v1.RecommendationService/Ask", &ask.base, key, arena);
    ledger_note(w->asks, asked->ask->id);
    answer.ask_id = asked->ask->id;
    answer.text = text("Short ones, with a closed heel.");
    (void)CALL(&w->coach, "/kith.v1.RecommendationService/Answer", &answer.base, key, arena);
    ledger_note(w->answers, asked->ask->id);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct arena arena;
    arena_init(&arena, DRIVER_MEMORY);
    while (!atomic_load(&is_stopping)) {
        arena_reset(&arena);
        import_ask_answer(w, &arena);
    }
    arena_fini(&arena);
    return NULL;
}

static void work_until_stopped(struct arena *arena)
{
    struct worker workers[THREADS];
    struct ledger *imports = ledger_open("imports"), *asks = ledger_open("asks"),
                  *answers = ledger_open("answers");
    sigset_t set;
    int signal;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.book = driver_dial("CONTACT", "asker"),
            .asker = driver_dial("RECOMMENDATION", "asker"),
            .coach = driver_dial("RECOMMENDATION", "coach"),
            .contact = driver_read("contact", arena),
            .imports = imports,
            .asks = asks,
            .answers = answers};
        (void)pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    (void)sigwait(&set, &signal);
    atomic_store(&is_stopping, true);
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        driver_hang_up(&workers[i].book);
        driver_hang_up(&workers[i].asker);
        driver_hang_up(&workers[i].coach);
    }
    ledger_close(imports);
    ledger_close(asks);
    ledger_close(answers);
}

int main(int argc, char *argv[])
{
    driver_check(argc == 3, "usage: driver setup|work|verify DIR");
    driver_enter(argv[2]);
    struct arena arena;
    arena_init(&arena, DRIVER_MEMORY);
    if (strcmp(argv[1], "setup") == 0)
        set_up(&arena);
    else if (strcmp(argv[1], "work") == 0)
        work_until_stopped(&arena);
    else if (strcmp(argv[1], "verify") == 0)
        verify(&arena);
    arena_fini(&arena);
    return 0;
}
