/* SPDX-License-Identifier: Apache-2.0 */
/* The calls with C types: each fills a generated request and hands it to client_call(). */
#include "internal.h"

#include <kith/v1/contact.pb-c.h>
#include <kith/v1/notification.pb-c.h>
#include <kith/v1/recommendation.pb-c.h>

enum kith_code kith_list_contacts(struct kith_client *client, const char *query, const char *page,
    const struct kith_call_options *options, struct kith_result **result, struct kith_error **error)
{
    Kith__V1__ListContactsRequest in = KITH__V1__LIST_CONTACTS_REQUEST__INIT;
    in.query = request_text(query);
    in.page_token = request_text(page);
    return client_call(
        client, "kith.v1.ContactService/ListContacts", &in.base, options, result, error);
}

enum kith_code kith_route(struct kith_client *client, const char *question,
    const struct kith_call_options *options, struct kith_result **result, struct kith_error **error)
{
    Kith__V1__RouteQuestionRequest in = KITH__V1__ROUTE_QUESTION_REQUEST__INIT;
    in.question = request_text(question);
    return client_call(
        client, "kith.v1.RecommendationService/RouteQuestion", &in.base, options, result, error);
}

enum kith_code kith_ask(struct kith_client *client, const char *question, const char *contact_id,
    const struct kith_call_options *options, struct kith_result **result, struct kith_error **error)
{
    Kith__V1__AskRequest in = KITH__V1__ASK_REQUEST__INIT;
    in.question = request_text(question);
    in.contact_id = request_text(contact_id);
    return client_call(
        client, "kith.v1.RecommendationService/Ask", &in.base, options, result, error);
}

enum kith_code kith_list_asks(struct kith_client *client, bool to_me, const char *page,
    const struct kith_call_options *options, struct kith_result **result, struct kith_error **error)
{
    Kith__V1__ListAsksRequest in = KITH__V1__LIST_ASKS_REQUEST__INIT;
    in.to_me = to_me;
    in.page_token = request_text(page);
    return client_call(
        client, "kith.v1.RecommendationService/ListAsks", &in.base, options, result, error);
}

enum kith_code kith_get_ask(struct kith_client *client, const char *ask_id,
    const struct kith_call_options *options, struct kith_result **result, struct kith_error **error)
{
    Kith__V1__GetAskRequest in = KITH__V1__GET_ASK_REQUEST__INIT;
    in.ask_id = request_text(ask_id);
    return client_call(
        client, "kith.v1.RecommendationService/GetAsk", &in.base, options, result, error);
}

enum kith_code kith_answer(struct kith_client *client, const char *ask_id, const char *answer,
    const struct kith_call_options *options, struct kith_result **result, struct kith_error **error)
{
    Kith__V1__AnswerRequest in = KITH__V1__ANSWER_REQUEST__INIT;
    in.ask_id = request_text(ask_id);
    in.text = request_text(answer);
    return client_call(
        client, "kith.v1.RecommendationService/Answer", &in.base, options, result, error);
}

enum kith_code kith_pass(struct kith_client *client, const char *ask_id,
    const struct kith_call_options *options, struct kith_result **result, struct kith_error **error)
{
    Kith__V1__PassRequest in = KITH__V1__PASS_REQUEST__INIT;
    in.ask_id = request_text(ask_id);
    return client_call(
        client, "kith.v1.RecommendationService/Pass", &in.base, options, result, error);
}

enum kith_code kith_list_notifications(struct kith_client *client, bool only_unread,
    const char *page, const struct kith_call_options *options, struct kith_result **result,
    struct kith_error **error)
{
    Kith__V1__ListNotificationsRequest in = KITH__V1__LIST_NOTIFICATIONS_REQUEST__INIT;
    in.only_unread = only_unread;
    in.page_token = request_text(page);
    return client_call(
        client, "kith.v1.NotificationService/ListNotifications", &in.base, options, result, error);
}
