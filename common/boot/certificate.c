/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/certificate.h"

#include "clock/clock.h"
#include "log/log.h"

#include <inttypes.h>
#include <stdio.h>

enum { US_PER_S = 1000 * 1000, DAY_S = 24 * 60 * 60, WARN_DAYS = 14, DATE_SIZE = 10 };

static const char PART[] = "certificate";

static int64_t now_s(void)
{
    return clock_wall_us(clock_system()) / US_PER_S;
}

static void say(struct certificate_watch *watch, int64_t left_days, const char *date)
{
    if (watch->is_warned && watch->warned_at_days == left_days)
        return;
    watch->is_warned = true;
    watch->warned_at_days = left_days;
    log_warn("certificate.expires", LOG_INT("left_days", left_days), LOG_STR("date", date));
}

void certificate_check(struct certificate_watch *watch, struct rpc_server *server)
{
    int64_t expires_s = rpc_server_certificate_expires_s(server);
    if (expires_s == INT64_MAX)
        return;
    int64_t left_s = expires_s - now_s();
    if (left_s > (int64_t)WARN_DAYS * DAY_S) {
        watch->is_warned = false;
        rpc_server_set_health(
            server, PART, false, watch->is_refused ? "the new one cannot be used" : NULL);
        return;
    }
    char date[CLOCK_RFC3339_SIZE];
    char problem[64];
    clock_format_rfc3339(expires_s * US_PER_S, date);
    date[DATE_SIZE] = '\0';
    (void)snprintf(problem, sizeof(problem), "%s on %s", left_s > 0 ? "expires" : "expired", date);
    rpc_server_set_health(server, PART, false, problem);
    say(watch, left_s / DAY_S, date);
}

void certificate_renew(struct certificate_watch *watch, struct rpc_server *server)
{
    struct err err;
    watch->is_refused = rpc_server_renew_certificate(server, &err) != ERR_OK;
    if (watch->is_refused)
        log_error("certificate.refused", LOG_ERR(&err));
    else if (rpc_server_certificate_expires_s(server) != INT64_MAX)
        log_info("certificate.renewed", LOG_NONE);
}
