/* SPDX-License-Identifier: Apache-2.0 */
/* Print what comes into your inbox, for ever: KITH_TOKEN=kith_… ./watch */
#include <kith.h>
#include <stdio.h>
#include <stdlib.h>

static void show(const struct kith_result *result)
{
    const struct kith_notification *news = kith_result_notification(result, 0);
    if (news != NULL) /* the first item only says that it begins */
        puts(kith_notification_title(news));
    fflush(stdout);
}

int main(void)
{
    struct kith_settings settings = {.size = sizeof(settings), .token = getenv("KITH_TOKEN")};
    struct kith_client *client = NULL;
    struct kith_stream *stream = NULL;
    struct kith_error *error = NULL;
    enum kith_code code = kith_client_new(&settings, &client, &error);
    if (code == KITH_OK)
        code = kith_stream_notifications(client, NULL, NULL, &stream, &error);
    while (code == KITH_OK && !kith_stream_is_over(stream)) {
        struct kith_result *result = NULL;
        code = kith_stream_next(stream, -1, &result, &error);
        if (result != NULL)
            show(result);
        kith_result_free(result);
    }
    if (code != KITH_OK)
        fprintf(stderr, "watch: %s\n%s\n", kith_error_message(error), kith_error_remedy(error));
    kith_error_free(error);
    kith_stream_close(stream);
    kith_client_free(client);
    return code == KITH_OK ? 0 : 1;
}
