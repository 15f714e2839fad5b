/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what the other services report, turned into notifications.
 */
#pragma once

#include "queue/queue.h"

extern const struct queue_handler notification_events[];
extern const size_t notification_n_events;
