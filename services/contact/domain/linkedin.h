/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LinkedIn's Connections.csv: where its header is, and what a row says of a person.
 *
 * The columns are found by name, so every vintage since 2018 and whatever a spreadsheet added in
 * front of them is read by the same code.
 */
#pragma once

#include "arena/arena.h"
#include "domain/charset.h"
#include "domain/csv.h"

#include <stdbool.h>
#include <stdint.h>

/* A header is looked for in this many records; a preamble has three. */
enum { LINKEDIN_HEADER_WITHIN = 20 };

enum linkedin_column {
    LINKEDIN_FIRST_NAME,
    LINKEDIN_LAST_NAME,
    LINKEDIN_URL, /* absent before 2022 or so */
    LINKEDIN_EMAIL,
    LINKEDIN_COMPANY,
    LINKEDIN_POSITION,
    LINKEDIN_CONNECTED_ON,
    LINKEDIN_N_COLUMNS
};

struct linkedin_header {
    int at[LINKEDIN_N_COLUMNS]; /* index of the field; -1: not there */
    size_t n_fields;
};

/* False unless the record has first name, last name and connected on. */
bool linkedin_find_header(const struct csv_record *record, struct linkedin_header *out);

/* What a header should look like, for messages. */
extern const char linkedin_header_expected[];

/* "Connected On" */
const char *linkedin_column_title(enum linkedin_column column);

/* A person as the file has her. Never NULL; texts are tidy UTF-8, empty where unknown. */
struct import_row {
    uint32_t number; /* of the record in the file */
    const char *name;
    const char *email;       /* lower case */
    const char *profile_url; /* normalised */
    const char *company;
    const char *position;
    /* Without case and accents: to sort, to search, and to recognise who has no address. */
    const char *name_fold, *company_fold, *position_fold;
    int64_t connected_us; /* IMPORT_DATE_UNKNOWN */
    /* By column: why what the file says there is not taken; NULL where it is, or is nothing. */
    const char *unread[LINKEDIN_N_COLUMNS];
};

enum linkedin_verdict {
    LINKEDIN_PERSON,
    LINKEDIN_CLOSED,     /* nothing but a date: the account was closed since */
    LINKEDIN_SKIPPED,    /* *why says what is wrong */
    LINKEDIN_BLANK_LINE, /* no row at all */
    LINKEDIN_NO_MEMORY
};

/* Of a person: what of a row can not be read is left out of *out, and said in out->unread.
 * Strings of *out and *why live in `arena` or for ever. */
enum linkedin_verdict linkedin_read_row(const struct linkedin_header *header, enum charset charset,
    const struct csv_record *record, struct arena *arena, struct import_row *out, const char **why);
