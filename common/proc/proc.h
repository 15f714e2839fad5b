/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process: signals as something main() waits for, and readiness told to whoever started us.
 */
#pragma once

#include "err/err.h"

enum proc_event { PROC_STOP, PROC_RELOAD, PROC_TIMEOUT };

/* Block SIGTERM, SIGINT, SIGHUP and ignore SIGPIPE. Call before the first thread starts. */
void proc_block_signals(void);

/* Wait for a blocked signal. timeout_ms < 0: for ever. Only the main thread may call. */
enum proc_event proc_wait(int timeout_ms);

/*
 * The sd_notify protocol: "READY=1", "STOPPING=1", "STATUS=…" to the socket in NOTIFY_SOCKET.
 * Does nothing where nobody listens.
 */
void proc_notify(const char *state);
