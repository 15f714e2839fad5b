/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

static const struct config_option options[] = {
    SERVICE_OPTION_ROWS(struct contact_config, service, "contact", "tcp://127.0.0.1:7101"),
    SERVICE_ENDPOINTS_ROW(
        struct contact_config, recommendation_endpoints, "recommendation", "tcp://127.0.0.1:7102"),
    SERVICE_ENDPOINTS_ROW(
        struct contact_config, notification_endpoints, "notification", "tcp://127.0.0.1:7103"),
    {"token-days", CONFIG_INT, offsetof(struct contact_config, token_days), "30",
        "Days that expired and revoked tokens are kept; 0 for ever, to 36500.", 0, 36500, NULL,
        false},
    {"upload-days", CONFIG_INT, offsetof(struct contact_config, upload_days), "1",
        "Days until an upload that was never finished is forgotten; 0 for ever, to 36500.", 0,
        36500, NULL, false},
    {0},
};

const struct config_spec contact_config_spec = {
    .program = "kith-contact",
    .summary = "Keeps members, their address books, and the invitations between them.",
    .usage = "kith-contact [serve|migrate|healthcheck|new-token] [OPTION…]",
    .options = options,
};
