/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Import: from the stored chunks of an upload to contacts, in one transaction, batch by batch. Its
 * memory does not grow with the file, except for hashes that tell people named twice: 4 MB for the
 * 30,000 contacts LinkedIn allows.
 */
#pragma once

#include "rpc/rpc.h"
#include "store_import.h"

/*
 * Import the upload `key`, or, if it is a dry run, only find out what would happen; keep the report
 * either way. An upload that is finished already stays as it is. IMPORT_FORMAT_UNKNOWN,
 * IMPORT_EMPTY and IMPORT_TOO_LARGE are kept as well: nothing is imported then.
 */
MUST_USE enum err_code import_run(struct rpc_ctx *ctx, const struct import_key *key);
