/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

static const struct config_option options[] = {
    SERVICE_OPTION_ROWS(
        struct notification_config, service, "notification", "tcp://127.0.0.1:7103"),
    {"read-days", CONFIG_INT, offsetof(struct notification_config, read_days), "365",
        "Days that notifications are kept once they are read; 0 for ever, to 36500.", 0, 36500,
        NULL, false},
    {0},
};

const struct config_spec notification_config_spec = {
    .program = "kith-notification",
    .summary = "Keeps members' inboxes and tells them what happened.",
    .usage = "kith-notification [serve|migrate|healthcheck] [OPTION…]",
    .options = options,
};
