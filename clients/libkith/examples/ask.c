/* SPDX-License-Identifier: Apache-2.0 */
/* Ask your network a question: KITH_TOKEN=kith_… ./ask "Which snorkeling mask should I take?" */
#include <kith.h>
#include <stdio.h>
#include <stdlib.h>

static void show(const struct kith_ask *ask)
{
    for (size_t i = 0; i < kith_ask_target_count(ask); i++) {
        const struct kith_target *target = kith_ask_target(ask, i);
        printf("asked %s: %s\n", kith_target_name(target), kith_target_reason(target));
    }
}

int main(int argc, char **argv)
{
    struct kith_settings settings = {.size = sizeof(settings), .token = getenv("KITH_TOKEN")};
    struct kith_client *client = NULL;
    struct kith_result *result = NULL;
    struct kith_error *error = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: ask QUESTION\n");
        return 2;
    }
    enum kith_code code = kith_client_new(&settings, &client, &error);
    if (code == KITH_OK)
        code = kith_ask(client, argv[1], NULL, NULL, &result, &error);
    if (code == KITH_OK)
        show(kith_result_ask(result, 0));
    else
        fprintf(stderr, "ask: %s\n%s\n", kith_error_message(error), kith_error_remedy(error));
    kith_result_free(result);
    kith_error_free(error);
    kith_client_free(client);
    return code == KITH_OK ? 0 : 1;
}
