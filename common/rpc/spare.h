/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spare: most of the threads NNG runs callbacks on, at rest. Private to common/rpc; spare.c has the
 * reason. It concerns the whole process, as NNG's threads do: callbacks of other users of NNG in it
 * have as few threads while a socket of ours is open.
 */
#pragma once

#include <stddef.h>

/* By who opens a socket, after it is open, and by who has closed it. Any thread but NNG's. */
void spare_hold(void);
void spare_release(void);

/* How often they were called back, since somebody holds them: callbacks waited for each other. */
size_t spare_recalls(void);
