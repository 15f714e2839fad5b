/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "driver.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/recommendation.pb-c.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ENTRIES = 1 << 17, ID_LENGTH = 36, PAGE = 1000, PAUSE_MS = 100 };

static const int64_t DELIVERY_PATIENCE_US = 60 * INT64_C(1000000);

/* A sorted list of ids, with repetitions. */
struct set {
    char (*ids)[ID_LENGTH + 1];
    size_t n;
};

static struct set set_new(void)
{
    struct set set = {calloc(MAX_ENTRIES, sizeof(*set.ids)), 0};
    driver_check(set.ids, "no memory");
    return set;
}

static void set_add(struct set *set, const char *id)
{
    driver_check(set->n < MAX_ENTRIES, "more than %d entries", MAX_ENTRIES);
    (void)snprintf(set->ids[set->n++], ID_LENGTH + 1, "%s", id);
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static struct set set_sorted(struct set set)
{
    qsort(set.ids, set.n, sizeof(*set.ids), compare);
    return set;
}

static struct set read_ledger(const char *file)
{
    struct set set = set_new();
    char line[80];
    FILE *f = fopen(file, "re");
    driver_check(f, "can not read %s", file);
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        set_add(&set, line);
    }
    (void)fclose(f);
    return set_sorted(set);
}

/* Exactly the same ids, each exactly once: nothing lost, nothing doubled, nothing made up. */
static void must_be_equal(const char *what, const struct set *acknowledged, const struct set *found)
{
    for (size_t i = 1; i < found->n; i++)
        driver_check(strcmp(found->ids[i - 1], found->ids[i]) != 0, "%s: %s is there twice", what,
            found->ids[i]);
    for (size_t i = 0; i < acknowledged->n && i < found->n; i++)
        driver_check(strcmp(acknowledged->ids[i], found->ids[i]) == 0,
            "%s: acknowledged %s, found %s", what, acknowledged->ids[i], found->ids[i]);
    driver_check(acknowledged->n == found->n, "%s: %zu acknowledged, %zu found", what,
        acknowledged->n, found->n);
    (void)printf("%s: %zu acknowledged, all there, none twice\n", what, found->n);
}

static struct set list_asks(const char *token_file, bool to_me)
{
    struct peer peer = driver_dial("RECOMMENDATION", token_file);
    struct set set = set_new();
    struct arena arena;
    arena_init(&arena, DRIVER_MEMORY);
    char token[512] = "";
    do {
        Kith__V1__ListAsksRequest in = KITH__V1__LIST_ASKS_REQUEST__INIT;
        in.to_me = to_me;
        in.page_size = PAGE;
        in.page_token = token;
        arena_reset(&arena);
        const Kith__V1__ListAsksResponse *out =
            CALL(&peer, "/kith.v1.RecommendationService/ListAsks", &in.base, NULL, &arena);
        for (size_t i = 0; i < out->n_asks; i++)
            set_add(&set, out->asks[i]->id);
        (void)snprintf(token, sizeof(token), "%s", out->next_page_token);
    } while (token[0] != '\0');
    arena_fini(&arena);
    driver_hang_up(&peer);
    return set_sorted(set);
}

/* The ids that imported rows have for last names. */
static struct set list_imported(void)
{
    struct peer peer = driver_dial("CONTACT", "asker");
    struct set set = set_new();
    struct arena arena;
    arena_init(&arena, DRIVER_MEMORY);
    char token[512] = "", query[] = "Row";
    do {
        Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
        in.query = query;
        in.page_size = PAGE;
        in.page_token = token;
        arena_reset(&arena);
        const Kith__V1__ListContactsResponse *out =
            CALL(&peer, "/kith.v1.ContactService/ListContacts", &in.base, NULL, &arena);
        for (size_t i = 0; i < out->n_contacts; i++)
            set_add(&set, out->contacts[i]->name + strlen("Row "));
        (void)snprintf(token, sizeof(token), "%s", out->next_page_token);
    } while (token[0] != '\0');
    arena_fini(&arena);
    driver_hang_up(&peer);
    return set_sorted(set);
}

/* What one member was told of one kind, by walking the cursor from the beginning. */
static struct set read_inbox(const char *token_file, Kith__V1__NotificationKind kind)
{
    struct peer peer = driver_dial("NOTIFICATION", token_file);
    struct set set = set_new();
    struct arena arena;
    arena_init(&arena, DRIVER_MEMORY);
    char token[512] = "";
    do {
        Kith__V1__ListNotificationsRequest in = KITH__V1__LIST_NOTIFICATIONS_REQUEST__INIT;
        in.page_size = PAGE;
        in.page_token = token;
        arena_reset(&arena);
        const Kith__V1__ListNotificationsResponse *out =
            CALL(&peer, "/kith.v1.NotificationService/ListNotifications", &in.base, NULL, &arena);
        for (size_t i = 0; i < out->n_notifications; i++) {
            if (out->notifications[i]->kind == kind)
                set_add(&set, out->notifications[i]->subject_id);
        }
        (void)snprintf(token, sizeof(token), "%s", out->next_page_token);
    } while (token[0] != '\0');
    arena_fini(&arena);
    driver_hang_up(&peer);
    return set_sorted(set);
}

/* Delivery is soon, not at once. */
static void verify_inbox(const char *what, const struct set *acknowledged, const char *token_file,
    Kith__V1__NotificationKind kind)
{
    int64_t end = clock_mono_us(clock_system()) + DELIVERY_PATIENCE_US;
    struct set found = read_inbox(token_file, kind);
    while (found.n < acknowledged->n && clock_mono_us(clock_system()) < end) {
        (void)poll(NULL, 0, PAUSE_MS);
        free(found.ids);
        found = read_inbox(token_file, kind);
    }
    must_be_equal(what, acknowledged, &found);
    free(found.ids);
}

static void verify_imports(void)
{
    struct set imports = read_ledger("imports"), found = list_imported();
    must_be_equal("imported contacts", &imports, &found);
    free(imports.ids);
    free(found.ids);
}

static void verify_asks(
    const char *what, const struct set *acknowledged, const char *token_file, bool to_me)
{
    struct set found = list_asks(token_file, to_me);
    must_be_equal(what, acknowledged, &found);
    free(found.ids);
}

/* Every acknowledged answer is the one answer of its ask. */
static void verify_answers(const struct set *answers, struct arena *arena)
{
    struct peer peer = driver_dial("RECOMMENDATION", "asker");
    for (size_t i = 0; i < answers->n; i++) {
        Kith__V1__GetAskRequest in = KITH__V1__GET_ASK_REQUEST__INIT;
        in.ask_id = answers->ids[i];
        arena_reset(arena);
        const Kith__V1__GetAskResponse *out =
            CALL(&peer, "/kith.v1.RecommendationService/GetAsk", &in.base, NULL, arena);
        driver_check(out->ask->n_answers == 1, "ask %s has %zu answers", answers->ids[i],
            out->ask->n_answers);
    }
    (void)printf("answers: %zu acknowledged, all there, none twice\n", answers->n);
    driver_hang_up(&peer);
}

void verify(struct arena *arena)
{
    struct set asks = read_ledger("asks"), answers = read_ledger("answers");
    driver_check(asks.n > 0, "nothing was acknowledged at all");
    verify_imports();
    verify_asks("asks of the asker", &asks, "asker", false);
    verify_asks("asks to the coach", &asks, "coach", true);
    verify_answers(&answers, arena);
    verify_inbox("inbox of the coach", &asks, "coach",
        KITH__V1__NOTIFICATION_KIND__NOTIFICATION_KIND_ASK_RECEIVED);
    verify_inbox("inbox of the asker", &answers, "asker",
        KITH__V1__NOTIFICATION_KIND__NOTIFICATION_KIND_ASK_ANSWERED);
    free(asks.ids);
    free(answers.ids);
}
