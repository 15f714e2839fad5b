/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contacts, their facts and links through the real server.
 */
#include "two_members.h"
#include "upload.h"

#include <ctype.h>

#define HEADER "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"

static const Kith__V1__Contact *contact_of(const struct person *owner, const char *id)
{
    Kith__V1__GetContactRequest in = KITH__V1__GET_CONTACT_REQUEST__INIT;
    in.contact_id = (char *)(uintptr_t)id;
    const Kith__V1__GetContactResponse *out = world_call(owner->client, "GetContact", &in);
    return out->contact;
}

static const Kith__V1__ListContactsResponse *list(
    const struct person *owner, const char *tag, const char *query)
{
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    in.tag = (char *)(uintptr_t)tag;
    in.query = (char *)(uintptr_t)query;
    return world_call(owner->client, "ListContacts", &in);
}

static Kith__V1__Fact a_fact(Kith__V1__FactKind kind, const char *value)
{
    Kith__V1__Fact fact = KITH__V1__FACT__INIT;
    fact.kind = kind;
    fact.value = (char *)(uintptr_t)value;
    return fact;
}

static Kith__V1__AddFactRequest fact_request(const char *contact, Kith__V1__Fact *fact)
{
    Kith__V1__AddFactRequest in = KITH__V1__ADD_FACT_REQUEST__INIT;
    in.contact_id = (char *)(uintptr_t)contact;
    in.fact = fact;
    return in;
}

static const Kith__V1__Fact *add_fact(
    const struct person *owner, const char *contact, Kith__V1__FactKind kind, const char *value)
{
    Kith__V1__Fact fact = a_fact(kind, value);
    Kith__V1__AddFactRequest in = fact_request(contact, &fact);
    const Kith__V1__AddFactResponse *out = world_call(owner->client, "AddFact", &in);
    return out->fact;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void pages_cover_the_address_book_in_order_of_name(void **state)
{
    (void)state;
    (void)upload_file(&ana, SAMPLES "/Connections.csv");
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    in.page_size = 33;
    char seen[ID_TEXT_SIZE] = "";
    size_t n = 0, pages = 0;
    do {
        const Kith__V1__ListContactsResponse *out = world_call(ana.client, "ListContacts", &in);
        assert_int_equal(out->total, 320);
        assert_true(out->n_contacts <= 33);
        if (n > 0)
            assert_string_not_equal(out->contacts[0]->id, seen);
        n += out->n_contacts;
        pages++;
        (void)snprintf(seen, sizeof(seen), "%s", out->contacts[out->n_contacts - 1]->id);
        in.page_token = out->next_page_token;
    } while (in.page_token[0] != '\0');
    assert_int_equal(n, 320);
    assert_int_equal(pages, 10);
}

static void names_are_sorted_and_found_without_case_and_accents(void **state)
{
    (void)state;
    (void)upload_text(&ana, HEADER "Zoë,Öberg,l.com/in/a,,Blue Marlin,,\n"
                                   "adam,Ek,l.com/in/b,,,Zoë's Coach,\n"
                                   "Éva,Nagy,l.com/in/c,,Café Blå,,\n");
    const Kith__V1__ListContactsResponse *all = list(&ana, "", "");
    assert_int_equal(all->n_contacts, 3);
    assert_string_equal(all->contacts[0]->name, "adam Ek");
    assert_string_equal(all->contacts[1]->name, "Éva Nagy");
    assert_string_equal(all->contacts[2]->name, "Zoë Öberg");
    const Kith__V1__ListContactsResponse *found = list(&ana, "", " ZOE ");
    assert_int_equal(found->total, 2);
    assert_int_equal(list(&ana, "", "cafe")->total, 1);
    assert_int_equal(list(&ana, "", "100%_")->total, 0);
    assert_int_equal(list(&bo, "", "")->total, 0);
}

static void contacts_are_listed_by_tag(void **state)
{
    (void)state;
    const char *zoe = world_contact(&ana, "Zoe", "");
    (void)world_contact(&ana, "Eva", "");
    (void)add_fact(&ana, zoe, KITH__V1__FACT_KIND__FACT_KIND_TAG, "Swim Team");
    const Kith__V1__ListContactsResponse *found = list(&ana, "swim team", "");
    assert_int_equal(found->n_contacts, 1);
    assert_string_equal(found->contacts[0]->id, zoe);
    assert_int_equal(list(&ana, "swim", "")->n_contacts, 0);
}

static void page_tokens_fit_their_own_list_only(void **state)
{
    (void)state;
    (void)world_contact(&ana, "Zoe", "");
    (void)world_contact(&ana, "Zora", "");
    (void)world_contact(&bo, "Zoe", "");
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    in.page_size = 1;
    const Kith__V1__ListContactsResponse *out = world_call(ana.client, "ListContacts", &in);
    in.page_token = out->next_page_token;
    (void)world_call(ana.client, "ListContacts", &in);
    (void)world_refused(bo.client, "ListContacts", &in, REASON_PAGE_TOKEN_INVALID);
    in.query = (char[]){"zo"};
    (void)world_refused(ana.client, "ListContacts", &in, REASON_PAGE_TOKEN_INVALID);
    in.page_token = (char[]){"invented"};
    (void)world_refused(ana.client, "ListContacts", &in, REASON_PAGE_TOKEN_INVALID);
}

static void a_page_has_a_limit(void **state)
{
    (void)state;
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    in.page_size = 1001;
    (void)world_refused(ana.client, "ListContacts", &in, REASON_FIELD_INVALID);
    assert_string_equal(world.err.field, "page_size");
}

static void lists_show_five_facts_and_a_contact_all(void **state)
{
    (void)state;
    const char *zoe = world_contact(&ana, "Zoe", "");
    for (int i = 0; i < 7; i++) {
        char value[8];
        (void)snprintf(value, sizeof(value), "f%d", i);
        (void)add_fact(&ana, zoe, KITH__V1__FACT_KIND__FACT_KIND_INTEREST, value);
    }
    assert_int_equal(list(&ana, "", "")->contacts[0]->n_facts, 5);
    assert_int_equal(contact_of(&ana, zoe)->n_facts, 7);
}

static void the_largest_page_of_long_entries_fits_or_says_so(void **state)
{
    (void)state;
    char text[512];
    (void)snprintf(text, sizeof(text),
        "INSERT INTO contact.contact (member_id, contact_id, name, company, position, name_fold) "
        "SELECT '%s', gen_random_uuid(), 'N' || i, repeat('c', 220), repeat('p', 220), 'n' || i "
        "FROM generate_series(1, 1000) AS i",
        ana.id);
    test_sql(world.admin, text);
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    in.page_size = 1000;
    const Kith__V1__ListContactsResponse *out = world_try(ana.client, "ListContacts", &in);
    if (out)
        assert_int_equal(out->n_contacts, 1000);
    else
        assert_int_equal(world.err.reason, REASON_REPLY_TOO_LARGE);
}

/* ---- single contacts and facts --------------------------------------------------------------- */

static void employer_and_title_are_facts_too(void **state)
{
    (void)state;
    (void)upload_text(&ana, HEADER "Dana,Whitlock,l.com/in/d,,Blue Marlin,Head Swim Coach,\n");
    const char *id = list(&ana, "", "")->contacts[0]->id;
    const Kith__V1__Contact *dana = contact_of(&ana, id);
    assert_int_equal(dana->n_facts, 2);
    assert_int_equal(dana->facts[0]->kind, KITH__V1__FACT_KIND__FACT_KIND_EMPLOYER);
    assert_string_equal(dana->facts[0]->value, "Blue Marlin");
    assert_int_equal(dana->facts[0]->source, KITH__V1__FACT_SOURCE__FACT_SOURCE_IMPORT);
    assert_int_equal(dana->facts[1]->kind, KITH__V1__FACT_KIND__FACT_KIND_TITLE);

    Kith__V1__Fact same = a_fact(KITH__V1__FACT_KIND__FACT_KIND_EMPLOYER, "BLUE MARLIN");
    Kith__V1__AddFactRequest add = fact_request(id, &same);
    (void)world_refused(ana.client, "AddFact", &add, REASON_FACT_EXISTS);

    Kith__V1__RemoveFactRequest remove = KITH__V1__REMOVE_FACT_REQUEST__INIT;
    remove.contact_id = (char *)(uintptr_t)id;
    remove.fact_id = dana->facts[0]->id;
    (void)world_call(ana.client, "RemoveFact", &remove);
    dana = contact_of(&ana, id);
    assert_string_equal(dana->company, "");
    assert_string_equal(dana->position, "Head Swim Coach");
    assert_int_equal(dana->n_facts, 1);
}

static void a_fact_is_stated_once_and_taken_back_once(void **state)
{
    (void)state;
    const char *zoe = world_contact(&ana, "Zoe", "");
    const Kith__V1__Fact *fact =
        add_fact(&ana, zoe, KITH__V1__FACT_KIND__FACT_KIND_EXPERTISE, "swimming");
    assert_int_equal(fact->source, KITH__V1__FACT_SOURCE__FACT_SOURCE_OWNER);
    assert_true(fact->confidence == 1.0F);
    Kith__V1__Fact same = a_fact(KITH__V1__FACT_KIND__FACT_KIND_EXPERTISE, " Swimming ");
    Kith__V1__AddFactRequest again = fact_request(zoe, &same);
    (void)world_refused(ana.client, "AddFact", &again, REASON_FACT_EXISTS);

    Kith__V1__RemoveFactRequest remove = KITH__V1__REMOVE_FACT_REQUEST__INIT;
    remove.contact_id = (char *)(uintptr_t)zoe;
    remove.fact_id = fact->id;
    (void)world_refused(bo.client, "RemoveFact", &remove, REASON_CONTACT_NOT_FOUND);
    (void)world_call(ana.client, "RemoveFact", &remove);
    (void)world_refused(ana.client, "RemoveFact", &remove, REASON_FACT_NOT_FOUND);
    assert_int_equal(contact_of(&ana, zoe)->n_facts, 0);
    assert_int_equal(world_count("SELECT count(*) FROM contact.outbox WHERE member_id = '%s' AND "
                                 "kind = 'kith.v1.ContactsChanged'",
                         ana.id),
        2);
}

static void a_fact_needs_kind_value_and_contact(void **state)
{
    (void)state;
    const char *zoe = world_contact(&ana, "Zoe", "");
    Kith__V1__AddFactRequest in = fact_request(zoe, NULL);
    (void)world_refused(ana.client, "AddFact", &in, REASON_FIELD_INVALID);
    Kith__V1__Fact fact = a_fact(KITH__V1__FACT_KIND__FACT_KIND_UNSPECIFIED, "x");
    in.fact = &fact;
    (void)world_refused(ana.client, "AddFact", &in, REASON_FIELD_INVALID);
    fact = a_fact(KITH__V1__FACT_KIND__FACT_KIND_CITY, "  ");
    (void)world_refused(ana.client, "AddFact", &in, REASON_FIELD_INVALID);
    fact = a_fact(KITH__V1__FACT_KIND__FACT_KIND_CITY, "Porto");
    (void)world_refused(bo.client, "AddFact", &in, REASON_CONTACT_NOT_FOUND);
    in.contact_id = (char[]){"01890000-0000-7000-8000-000000000000"};
    (void)world_refused(ana.client, "AddFact", &in, REASON_CONTACT_NOT_FOUND);
}

static void another_members_contact_does_not_exist(void **state)
{
    (void)state;
    Kith__V1__GetContactRequest in = KITH__V1__GET_CONTACT_REQUEST__INIT;
    in.contact_id = world_contact(&ana, "Zoe", "");
    (void)world_refused(bo.client, "GetContact", &in, REASON_CONTACT_NOT_FOUND);
    in.contact_id = (char[]){"not-a-uuid"};
    (void)world_refused(bo.client, "GetContact", &in, REASON_FIELD_INVALID);
}

/* ---- links ----------------------------------------------------------------------------------- */

static Kith__V1__LinkContactRequest link_request(const char *contact)
{
    Kith__V1__LinkContactRequest in = KITH__V1__LINK_CONTACT_REQUEST__INIT;
    in.contact_id = (char *)(uintptr_t)contact;
    return in;
}

static void who_know_each_other_by_proven_addresses_can_be_linked(void **state)
{
    (void)state;
    const char *contact = world_contact(&ana, "Bo", bo.email);
    (void)world_contact(&bo, "Ana", ana.email);
    Kith__V1__LinkContactRequest in = link_request(contact);
    const Kith__V1__LinkContactResponse *out = world_call(ana.client, "LinkContact", &in);
    assert_string_equal(out->contact->member_id, bo.id);
    assert_false(out->contact->is_connected);
    (void)world_call(ana.client, "LinkContact", &in);
}

static void a_refused_link_is_the_same_for_members_and_strangers(void **state)
{
    (void)state;
    /* Bo is a member, but does not have Ana in his address book. */
    Kith__V1__LinkContactRequest in = link_request(world_contact(&ana, "Bo", bo.email));
    char member[sizeof(world.err.msg)];
    (void)snprintf(member, sizeof(member), "%s",
        world_refused(ana.client, "LinkContact", &in, REASON_LINK_REFUSED));
    in = link_request(world_contact(&ana, "Nobody", "nobody@example.org"));
    assert_string_equal(world_refused(ana.client, "LinkContact", &in, REASON_LINK_REFUSED), member);
    in = link_request(world_contact(&ana, "No address", ""));
    assert_string_equal(world_refused(ana.client, "LinkContact", &in, REASON_LINK_REFUSED), member);
    in.invitation_code = (char[]){"ABCD-EFGH-JKMN-PQRS"};
    assert_string_equal(world_refused(ana.client, "LinkContact", &in, REASON_LINK_REFUSED), member);
    in.invitation_code = (char[]){"no code"};
    assert_string_equal(world_refused(ana.client, "LinkContact", &in, REASON_LINK_REFUSED), member);
    assert_int_equal(world_count("SELECT count(*) FROM contact.contact WHERE member_id = '%s' AND "
                                 "linked_member_id IS NOT NULL",
                         ana.id),
        0);
}

static void an_invitation_code_proves_who_gave_it(void **state)
{
    (void)state;
    const Kith__V1__Invitation *invitation = world_invite(&bo, world_contact(&bo, "Ana", ""));
    Kith__V1__LinkContactRequest in = link_request(world_contact(&ana, "Bo at work", ""));
    in.invitation_code = invitation->code;
    const Kith__V1__LinkContactResponse *out = world_call(ana.client, "LinkContact", &in);
    assert_string_equal(out->contact->member_id, bo.id);
    assert_false(out->contact->is_connected);
    /* One member, one contact. */
    in.contact_id = world_contact(&ana, "Bo at home", "");
    (void)world_refused(ana.client, "LinkContact", &in, REASON_LINK_REFUSED);
    /* Her own code proves nothing to herself. */
    in = link_request(world_contact(&bo, "Me", ""));
    in.invitation_code = invitation->code;
    (void)world_refused(bo.client, "LinkContact", &in, REASON_LINK_REFUSED);
}

static void another_members_contact_can_not_be_linked(void **state)
{
    (void)state;
    Kith__V1__LinkContactRequest in = link_request(world_contact(&ana, "Bo", bo.email));
    (void)world_refused(bo.client, "LinkContact", &in, REASON_CONTACT_NOT_FOUND);
}

/* ---- finding one by what is remembered of it ------------------------------------------------ */

static size_t n_found(const char *id_part, const char *name)
{
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    in.id_part = (char *)(uintptr_t)id_part;
    in.name = (char *)(uintptr_t)name;
    const Kith__V1__ListContactsResponse *out = world_call(ana.client, "ListContacts", &in);
    assert_int_equal(out->total, out->n_contacts);
    return out->n_contacts;
}

static void a_contact_is_found_by_either_end_of_its_id(void **state)
{
    (void)state;
    char upper[ID_TEXT_SIZE];
    const char *id = world_contact(&ana, "Dana Whitlock", "");
    (void)world_contact(&bo, "Dana Whitlock", "");
    for (int i = 0; i < 50; i++)
        (void)world_contact(&ana, "Somebody", "");
    assert_int_equal(n_found(id, ""), 1);
    assert_int_equal(n_found(id + ID_TEXT_SIZE - 1 - 8, ""), 1);
    (void)snprintf(upper, sizeof(upper), "%s", id + ID_TEXT_SIZE - 1 - 12);
    for (char *c = upper; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    assert_int_equal(n_found(upper, ""), 1);
    assert_int_equal(n_found("00000000", ""), 0);
    (void)snprintf(upper, sizeof(upper), "%.8s", id + 14); /* in the middle */
    assert_int_equal(n_found(upper, ""), 0);
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    in.id_part = (char[]){"0123456%"};
    (void)world_refused(ana.client, "ListContacts", &in, REASON_FIELD_INVALID);
    assert_string_equal(world.err.field, "id_part");
    in.id_part = (char[]){"1234567"};
    (void)world_refused(ana.client, "ListContacts", &in, REASON_FIELD_INVALID);
}

static void a_contact_is_found_by_its_whole_name(void **state)
{
    (void)state;
    (void)world_contact(&ana, "dana whitlock", "");
    (void)world_contact(&ana, "dana whitlock jr", "");
    assert_int_equal(n_found("", "Dána  WHITLOCK"), 1);
    assert_int_equal(n_found("", "dana"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, meet, part)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_cover_the_address_book_in_order_of_name),
        TEST(names_are_sorted_and_found_without_case_and_accents),
        TEST(contacts_are_listed_by_tag),
        TEST(page_tokens_fit_their_own_list_only),
        TEST(a_page_has_a_limit),
        TEST(lists_show_five_facts_and_a_contact_all),
        TEST(the_largest_page_of_long_entries_fits_or_says_so),
        TEST(employer_and_title_are_facts_too),
        TEST(a_fact_is_stated_once_and_taken_back_once),
        TEST(a_fact_needs_kind_value_and_contact),
        TEST(another_members_contact_does_not_exist),
        TEST(who_know_each_other_by_proven_addresses_can_be_linked),
        TEST(a_refused_link_is_the_same_for_members_and_strangers),
        TEST(an_invitation_code_proves_who_gave_it),
        TEST(another_members_contact_can_not_be_linked),
        TEST(a_contact_is_found_by_either_end_of_its_id),
        TEST(a_contact_is_found_by_its_whole_name),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
