/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration of kith-notification.
 */
#pragma once

#include "config/service_options.h"

struct notification_config {
    struct service_options service;
    int64_t read_days;
};

extern const struct config_spec notification_config_spec;
