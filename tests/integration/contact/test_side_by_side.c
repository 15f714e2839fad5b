/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many calls of several members at once, so that workers run them side by side and their reads
 * share round trips: each gets the own answer and nobody else's.
 */
#include "world.h"

#include <stdatomic.h>

enum { PEOPLE = 3, IN_FLIGHT = 24, CALLS = 1500 };

/* What a flight asks for in turn. */
enum { OWN_MEMBER, OTHER_MEMBER, OWN_CONTACT, OTHER_CONTACT, OWN_LIST, N_QUESTIONS };

static struct person people[PEOPLE];
static char *contacts[PEOPLE];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t landed = PTHREAD_COND_INITIALIZER;
static int n_flying;
static atomic_int n_calls, n_wrong;

/* Calls of one person, one at a time. */
struct flight {
    int person;
    int question;
    uint8_t request[64];
    struct db_bytes in;
};

static const struct method {
    const char *name;
    bool is_refused;
} methods[] = {
    [OWN_MEMBER] = {"/kith.v1.ContactService/GetMember", false},
    [OTHER_MEMBER] = {"/kith.v1.ContactService/GetMember", true},
    [OWN_CONTACT] = {"/kith.v1.ContactService/GetContact", false},
    [OTHER_CONTACT] = {"/kith.v1.ContactService/GetContact", true},
    [OWN_LIST] = {"/kith.v1.ContactService/ListContacts", false},
};

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static void pack_request(struct flight *f)
{
    Kith__V1__GetMemberRequest member = KITH__V1__GET_MEMBER_REQUEST__INIT;
    Kith__V1__GetContactRequest contact = KITH__V1__GET_CONTACT_REQUEST__INIT;
    int other = (f->person + 1) % PEOPLE;
    member.member_id = text(f->question == OTHER_MEMBER ? people[other].id : "");
    contact.contact_id = contacts[f->question == OTHER_CONTACT ? other : f->person];
    size_t len = 0;
    if (f->question == OWN_MEMBER || f->question == OTHER_MEMBER)
        len = kith__v1__get_member_request__pack(&member, f->request);
    else if (f->question != OWN_LIST)
        len = kith__v1__get_contact_request__pack(&contact, f->request);
    f->in = (struct db_bytes){f->request, len};
}

/* Is it what this person has to see? */
static bool is_right(const struct flight *f, const struct db_bytes *out, const struct err *err)
{
    const char *mine = f->question == OWN_MEMBER ? people[f->person].id : contacts[f->person];
    if (methods[f->question].is_refused)
        return err && err->code == ERR_NOT_FOUND;
    return !err && memmem(out->data, out->len, mine, strlen(mine)) != NULL &&
           memmem(out->data, out->len, contacts[(f->person + 1) % PEOPLE], strlen(contacts[0])) ==
               NULL;
}

static void fly(struct flight *f);

static void land(void)
{
    (void)pthread_mutex_lock(&lock);
    n_flying--;
    (void)pthread_cond_signal(&landed);
    (void)pthread_mutex_unlock(&lock);
}

static void on_done(void *arg, const struct db_bytes *out, const struct err *err)
{
    struct flight *f = arg;
    if (!is_right(f, out, err))
        atomic_fetch_add(&n_wrong, 1);
    f->question = (f->question + 1) % N_QUESTIONS;
    if (atomic_fetch_add(&n_calls, 1) < CALLS)
        fly(f);
    else
        land();
}

static void fly(struct flight *f)
{
    pack_request(f);
    rpc_client_call_async(
        people[f->person].client, methods[f->question].name, NULL, &f->in, on_done, f);
}

static void everybody_gets_the_own_answer(void **state)
{
    (void)state;
    static struct flight flights[IN_FLIGHT];
    static const char *const names[] = {"Ana Costa", "Bo Lind", "Cleo Marsh"};
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = world_person(names[i]);
        contacts[i] = world_contact(&people[i], "Di Frost", "");
    }
    n_flying = IN_FLIGHT;
    for (int i = 0; i < IN_FLIGHT; i++) {
        flights[i] = (struct flight){.person = i % PEOPLE, .question = i % N_QUESTIONS};
        fly(&flights[i]);
    }
    (void)pthread_mutex_lock(&lock);
    while (n_flying > 0)
        (void)pthread_cond_wait(&landed, &lock);
    (void)pthread_mutex_unlock(&lock);
    assert_int_equal(atomic_load(&n_wrong), 0);
    for (int i = 0; i < PEOPLE; i++)
        world_person_fini(&people[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everybody_gets_the_own_answer)};
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
