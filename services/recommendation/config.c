/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "wordnet_map.h"

static const struct config_option options[] = {
    SERVICE_OPTION_ROWS(
        struct recommendation_config, service, "recommendation", "tcp://127.0.0.1:7102"),
    SERVICE_ENDPOINTS_ROW(struct recommendation_config, notification_endpoints, "notification",
        "tcp://127.0.0.1:7103"),
    {"wordnet-dir", CONFIG_STR, offsetof(struct recommendation_config, wordnet_dir),
        WORDNET_MAP_DEFAULT_DIR, "Folder of WordNet's database files.", 0, 0, NULL, false},
    {"encoder-file", CONFIG_STR, offsetof(struct recommendation_config, encoder_file), NULL,
        "File of the sentence encoder; by default share/kith/encoder.kenc of the installation.", 0,
        0, NULL, false},
    {"preview-days", CONFIG_INT, offsetof(struct recommendation_config, preview_days), "30",
        "Days that the decision of a preview can be explained; 0 for ever, to 36500.", 0, 36500,
        NULL, false},
    {"vector-days", CONFIG_INT, offsetof(struct recommendation_config, vector_days), "90",
        "Days that a text's vector is kept without being used; 0 for ever, to 36500.", 0, 36500,
        NULL, false},
    {0},
};

const struct config_spec recommendation_config_spec = {
    .program = "kith-recommendation",
    .summary = "Finds who in a network knows, carries the question there and the answer back.",
    .usage = "kith-recommendation [serve|migrate|healthcheck] [OPTION…]",
    .options = options,
};
