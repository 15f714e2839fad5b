/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uploads of files in chunks, as a client makes them.
 */
#pragma once

#include "world.h"

struct upload {
    char id[ID_TEXT_SIZE];
    bool is_dry_run;
    size_t chunk; /* bytes of a chunk; 0: all at once */
};

struct upload upload_new(void);

/* One chunk of it; NULL with world.err when refused. */
const Kith__V1__Import *upload_chunk(const struct person *owner, const struct upload *upload,
    size_t offset, const void *bytes, size_t len, bool is_last);

/* All of it; NULL with world.err when refused. */
const Kith__V1__Import *upload_bytes(
    const struct person *owner, const struct upload *upload, const void *bytes, size_t len);

/* A whole file, at once; a refusal fails the test. */
const Kith__V1__Import *upload_text(const struct person *owner, const char *text);
const Kith__V1__Import *upload_file(const struct person *owner, const char *path);

/* The file's bytes in the world's arena; NULL when there is no such file. */
char *upload_read(const char *path, size_t *len);
