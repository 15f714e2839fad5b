/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration of kith-recommendation.
 */
#pragma once

#include "config/service_options.h"

struct recommendation_config {
    struct service_options service;
    const char *notification_endpoints;
    const char *wordnet_dir;
    const char *encoder_file; /* "": where the build or the installation has it */
    int64_t preview_days;
    int64_t vector_days;
};

extern const struct config_spec recommendation_config_spec;
