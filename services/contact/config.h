/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration of kith-contact.
 */
#pragma once

#include "config/service_options.h"

struct contact_config {
    struct service_options service;
    const char *recommendation_endpoints;
    const char *notification_endpoints;
    int64_t token_days;
    int64_t upload_days;
};

extern const struct config_spec contact_config_spec;
