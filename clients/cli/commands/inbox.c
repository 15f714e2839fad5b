/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "view.h"

#include <poll.h>
#include <string.h>

enum { SHOWN = 20, POLL_MS = 500, CURSOR_SIZE = 401 };

static bool is_about_ask(const json_t *notification)
{
    return strstr(view_raw(notification, "kind"), "_ASK_") != NULL;
}

/* Dot, when, what; and the id that the next command wants. */
static void show_notification(struct cli *cli, const json_t *n)
{
    bool is_read = view_int(n, "readUs") != 0;
    const char *about = is_about_ask(n) ? view_id(cli, view_raw(n, "subjectId")) : "";
    cli_say(cli, "%s %s%-12s%s %s%s%s%s%s%s%s", is_read ? " " : "\xE2\x80\xA2", cli->dim,
        view_ago(cli, view_int(n, "createdUs")), cli->plain, is_read ? "" : cli->bold,
        view_text(cli, n, "title"), is_read ? "" : cli->plain, *about == '\0' ? "" : "  ", cli->dim,
        about, cli->plain);
}

struct shown {
    const json_t *ids_of[1000];
    size_t n;
    bool is_any_unread;
    const json_t *newest_ask, *newest_answer, *newest_invitation;
};

static bool is_kind(const json_t *n, const char *kind)
{
    return strcmp(view_raw(n, "kind") + strlen("NOTIFICATION_KIND_"), kind) == 0;
}

static void remember(struct shown *shown, const json_t *n)
{
    shown->is_any_unread = shown->is_any_unread || view_int(n, "readUs") == 0;
    if (*view_raw(n, "kind") == '\0')
        return;
    if (shown->newest_ask == NULL && is_kind(n, "ASK_RECEIVED") && view_int(n, "readUs") == 0)
        shown->newest_ask = n;
    if (shown->newest_answer == NULL && is_kind(n, "ASK_ANSWERED"))
        shown->newest_answer = n;
    if (shown->newest_invitation == NULL && is_kind(n, "INVITATION_RECEIVED") &&
        view_int(n, "readUs") == 0)
        shown->newest_invitation = n;
}

static bool add_notification(struct cli *cli, json_t *n, void *arg)
{
    struct shown *shown = arg;
    if (shown->n < sizeof(shown->ids_of) / sizeof(shown->ids_of[0]))
        shown->ids_of[shown->n++] = n;
    remember(shown, n);
    if (!cli_emit(cli, n))
        show_notification(cli, n);
    return true;
}

static void suggest(struct cli *cli, const struct shown *shown)
{
    const size_t skip = strlen("\xE2\x80\xA6");
    if (shown->newest_ask != NULL)
        cli_next(cli, "kith answer %s \"…\"",
            view_id(cli, view_raw(shown->newest_ask, "subjectId")) + skip);
    else if (shown->newest_invitation != NULL)
        cli_next(cli, "kith accept \"%s\"", view_text(cli, shown->newest_invitation, "actorName"));
    else if (shown->newest_answer != NULL)
        cli_next(
            cli, "kith show %s", view_id(cli, view_raw(shown->newest_answer, "subjectId")) + skip);
    if (shown->is_any_unread && !cli_has(cli, "mark-read"))
        cli_next(cli, "kith inbox --mark-read   (showing or answering one marks it too)");
}

static enum status mark_read(struct cli *cli, const struct shown *shown)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < shown->n; i++)
        (void)json_array_append_new(ids, json_string(view_raw(shown->ids_of[i], "id")));
    json_t *in = json_pack("{s:o}", "notificationIds", ids);
    return cli_call(cli, "NotificationService/MarkRead", in) == NULL ? cli->status : STATUS_OK;
}

void inbox_mark_subject(struct cli *cli, const char *subject_id)
{
    enum { PAGE = 1000 };
    struct kith_error *error = NULL;
    const json_t *reply =
        *subject_id == '\0'
            ? NULL
            : cli_try(cli, "NotificationService/ListNotifications",
                  json_pack("{s:b,s:i}", "onlyUnread", 1, "pageSize", PAGE), NULL, &error);
    kith_error_free(error);
    const json_t *list = json_object_get(reply, "notifications");
    json_t *ids = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *n = json_array_get(list, i);
        if (strcmp(view_raw(n, "subjectId"), subject_id) == 0)
            (void)json_array_append_new(ids, json_string(view_raw(n, "id")));
    }
    error = NULL;
    if (json_array_size(ids) > 0)
        (void)cli_try(cli, "NotificationService/MarkRead",
            json_pack("{s:O}", "notificationIds", ids), NULL, &error);
    kith_error_free(error);
    json_decref(ids);
}

static void report(const struct cli *cli, const char *what)
{
    if (!cli->is_quiet)
        (void)fprintf(stderr, "kith inbox: %s\n", what);
}

/* The connection is made again by itself; only the person is told. */
static void report_connection(struct cli *cli, struct kith_stream *stream, bool *is_cut)
{
    const char *trouble = kith_stream_trouble(stream);
    if (*trouble != '\0' && !*is_cut)
        report(cli,
            arena_printf(&cli->arena, "%s; what came meanwhile is shown when it is back", trouble));
    if (*trouble == '\0' && *is_cut)
        report(cli, "connected again");
    *is_cut = *trouble != '\0';
}

static void show_item(struct cli *cli, struct kith_result *result)
{
    json_t *item = json_loads(kith_result_json(result), 0, NULL);
    const json_t *n = json_object_get(item, "notification");
    if (n != NULL && !cli_emit(cli, n))
        show_notification(cli, n);
    (void)fflush(stdout);
    json_decref(item);
}

/* What the stream brings, until it fails; false then. The cursor goes along. */
static bool read_stream(struct cli *cli, struct kith_stream *stream, char *cursor, size_t size,
    struct kith_error **error)
{
    bool is_cut = false;
    while (!cli_is_unread()) {
        struct kith_result *result = NULL;
        if (kith_stream_next(stream, POLL_MS, &result, error) != KITH_OK)
            return false;
        report_connection(cli, stream, &is_cut);
        if (result == NULL)
            continue;
        show_item(cli, result);
        (void)snprintf(cursor, size, "%s", kith_result_cursor(result));
        kith_result_free(result);
    }
    return true;
}

/* From the cursor on, until interrupted. The stream gives up after a while; we do not. */
static enum status follow(struct cli *cli, const char *from)
{
    char cursor[CURSOR_SIZE];
    struct kith_error *error = NULL;
    (void)snprintf(cursor, sizeof(cursor), "%s", from);
    (void)fflush(stdout);
    for (;;) {
        struct kith_stream *stream = NULL;
        const struct kith_call_options options = cli_call_options();
        if (kith_stream_notifications(cli->client, cursor, &options, &stream, &error) != KITH_OK)
            return cli_fail(cli, error);
        bool is_done = read_stream(cli, stream, cursor, sizeof(cursor), &error);
        kith_stream_close(stream);
        if (is_done)
            return STATUS_OK;
        if (kith_error_code(error) != KITH_UNAVAILABLE)
            return cli_fail(cli, error);
        kith_error_free(error);
        error = NULL;
    }
}

/* What is there, oldest first, as it will go on; then what comes. */
static enum status show_and_follow(struct cli *cli, int64_t limit)
{
    const json_t *reply = cli_call(cli, "NotificationService/ListNotifications",
        json_pack("{s:b,s:I}", "onlyUnread", cli_has(cli, "unread"), "pageSize",
            (json_int_t)(limit > 0 ? limit : SHOWN)));
    if (reply == NULL)
        return cli->status;
    const json_t *list = json_object_get(reply, "notifications");
    for (size_t i = json_array_size(list); i > 0; i--)
        if (!cli_emit(cli, json_array_get(list, i - 1)))
            show_notification(cli, json_array_get(list, i - 1));
    const char *cursor = arena_strdup(&cli->arena, view_raw(reply, "cursor"));
    return follow(cli, cursor == NULL ? "" : cursor);
}

enum status run_inbox(struct cli *cli)
{
    int64_t limit = SHOWN;
    if (!cli_limit(cli, SHOWN, &limit))
        return cli->status;
    if (cli_has(cli, "follow"))
        return show_and_follow(cli, limit);
    struct shown shown = {.n = 0};
    json_t *in = json_pack("{s:b}", "onlyUnread", cli_has(cli, "unread"));
    if (!cli_each(cli, "NotificationService/ListNotifications", in, "notifications", limit,
            add_notification, &shown))
        return cli->status;
    if (shown.n == 0)
        cli_note(cli, cli_has(cli, "unread") ? "nothing new" : "nothing yet");
    suggest(cli, &shown);
    return cli_has(cli, "mark-read") && shown.n > 0 ? mark_read(cli, &shown) : STATUS_OK;
}
