/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/linkedin.h"

#include "domain/import_date.h"
#include "domain/profile_url.h"
#include "domain/text.h"

#include <string.h>
#include <strings.h>

/* Longest text kept of one field: LinkedIn allows 220 characters for a headline. */
enum { FIELD_SIZE = 900, NAME_SIZE = 300, EMAIL_SIZE = 255 };

/* As much of a field that can not be read as a message shows. */
enum { QUOTED_SIZE = 60 };

const char linkedin_header_expected[] =
    "First Name,Last Name,URL,Email Address,Company,Position,Connected On";

/* A fold is an index key and part of a page token, so it is kept short. */
enum { FOLD_SIZE = 201 };

static const char *const titles[LINKEDIN_N_COLUMNS] = {
    [LINKEDIN_FIRST_NAME] = "First Name",
    [LINKEDIN_LAST_NAME] = "Last Name",
    [LINKEDIN_URL] = "URL",
    [LINKEDIN_EMAIL] = "Email Address",
    [LINKEDIN_COMPANY] = "Company",
    [LINKEDIN_POSITION] = "Position",
    [LINKEDIN_CONNECTED_ON] = "Connected On",
};

const char *linkedin_column_title(enum linkedin_column column)
{
    return titles[column];
}

static enum linkedin_column column_named(const struct csv_field *field)
{
    char text[FIELD_SIZE];
    charset_decode(CHARSET_UTF8, field->data, field->len, text, sizeof(text));
    text_tidy(text);
    for (int i = 0; i < LINKEDIN_N_COLUMNS; i++)
        if (strcasecmp(text, titles[i]) == 0)
            return (enum linkedin_column)i;
    return LINKEDIN_N_COLUMNS;
}

bool linkedin_find_header(const struct csv_record *record, struct linkedin_header *out)
{
    struct linkedin_header found = {.n_fields = record->n_fields};
    for (int i = 0; i < LINKEDIN_N_COLUMNS; i++)
        found.at[i] = -1;
    for (size_t i = 0; i < record->n_fields; i++) {
        enum linkedin_column column = column_named(&record->fields[i]);
        if (column != LINKEDIN_N_COLUMNS && found.at[column] < 0)
            found.at[column] = (int)i;
    }
    if (found.at[LINKEDIN_FIRST_NAME] < 0 || found.at[LINKEDIN_LAST_NAME] < 0 ||
        found.at[LINKEDIN_CONNECTED_ON] < 0)
        return false;
    *out = found;
    return true;
}

/* The fields of a row as text, before anything is made of them. */
struct row_text {
    char field[LINKEDIN_N_COLUMNS][FIELD_SIZE];
};

static void read_text(const struct linkedin_header *header, enum charset charset,
    const struct csv_record *record, struct row_text *out)
{
    for (int i = 0; i < LINKEDIN_N_COLUMNS; i++) {
        out->field[i][0] = '\0';
        if (header->at[i] < 0 || (size_t)header->at[i] >= record->n_fields)
            continue;
        const struct csv_field *field = &record->fields[header->at[i]];
        charset_decode(charset, field->data, field->len, out->field[i], FIELD_SIZE);
        text_tidy(out->field[i]);
    }
}

static bool is_blank_beyond(const struct csv_record *record, size_t first)
{
    for (size_t i = first; i < record->n_fields; i++)
        if (record->fields[i].len > 0)
            return false;
    return true;
}

/* NULL: the record has the shape of a row. */
static const char *shape_problem(
    const struct linkedin_header *header, const struct csv_record *record)
{
    if (record->is_oversized)
        return "the record is too long; a quotation mark may be missing";
    if (record->is_cut && record->n_fields < header->n_fields)
        return "the file ends in the middle of this row";
    if (record->n_fields < header->n_fields)
        return "the row has fewer columns than the header";
    if (!is_blank_beyond(record, header->n_fields))
        return "the row has more columns than the header; quotes around a field may be missing";
    return NULL;
}

static bool has_person(const struct row_text *text)
{
    for (int i = 0; i < LINKEDIN_CONNECTED_ON; i++)
        if (text->field[i][0] != '\0')
            return true;
    return false;
}

static const char *fold(struct arena *arena, const char *text)
{
    char folded[FOLD_SIZE];
    text_fold(text, folded, sizeof(folded));
    return arena_strdup(arena, folded);
}

/* First and last name in one; too long ones are cut between characters. */
static void join_names(const struct row_text *text, char name[2 * NAME_SIZE])
{
    const char *first = text->field[LINKEDIN_FIRST_NAME];
    const char *last = text->field[LINKEDIN_LAST_NAME];
    size_t n = charset_decode(CHARSET_UTF8, first, strlen(first), name, NAME_SIZE);
    name[n] = ' ';
    charset_decode(CHARSET_UTF8, last, strlen(last), name + n + 1, NAME_SIZE);
    text_tidy(name);
}

/* For messages: the field, and what it is not. False when the arena is full. */
static bool leave_out(const struct row_text *text, enum linkedin_column column, const char *what,
    struct arena *arena, struct import_row *out)
{
    char quoted[QUOTED_SIZE];
    const char *field = text->field[column];
    if (field[0] == '\0')
        return true;
    charset_decode(CHARSET_UTF8, field, strlen(field), quoted, sizeof(quoted));
    out->unread[column] = arena_printf(arena, "\"%s\" is not %s", quoted, what);
    return out->unread[column] != NULL;
}

/* False when the arena is full. */
static bool fill_row(const struct row_text *text, struct arena *arena, struct import_row *out)
{
    char name[2 * NAME_SIZE], email[EMAIL_SIZE], url[PROFILE_URL_SIZE];
    bool has_room = true;
    join_names(text, name);
    if (!text_email(text->field[LINKEDIN_EMAIL], email, sizeof(email))) {
        email[0] = '\0';
        has_room &= leave_out(text, LINKEDIN_EMAIL, "an e-mail address", arena, out);
    }
    if (!profile_url_normalise(text->field[LINKEDIN_URL], url)) {
        url[0] = '\0';
        has_room &= leave_out(text, LINKEDIN_URL, "the address of a profile", arena, out);
    }
    out->connected_us = import_date_parse(text->field[LINKEDIN_CONNECTED_ON]);
    if (out->connected_us == IMPORT_DATE_UNKNOWN)
        has_room &=
            leave_out(text, LINKEDIN_CONNECTED_ON, "a date such as 27 Jul 2024", arena, out);

    out->name = arena_strdup(arena, name);
    out->email = arena_strdup(arena, email);
    out->profile_url = arena_strdup(arena, url);
    out->company = arena_strdup(arena, text->field[LINKEDIN_COMPANY]);
    out->position = arena_strdup(arena, text->field[LINKEDIN_POSITION]);
    out->name_fold = fold(arena, name);
    out->company_fold = fold(arena, text->field[LINKEDIN_COMPANY]);
    out->position_fold = fold(arena, text->field[LINKEDIN_POSITION]);
    return has_room && out->name && out->email && out->profile_url && out->company &&
           out->position && out->name_fold && out->company_fold && out->position_fold;
}

enum linkedin_verdict linkedin_read_row(const struct linkedin_header *header, enum charset charset,
    const struct csv_record *record, struct arena *arena, struct import_row *out, const char **why)
{
    if (record->n_fields == 1 && record->fields[0].len == 0)
        return LINKEDIN_BLANK_LINE;
    *why = shape_problem(header, record);
    if (*why)
        return LINKEDIN_SKIPPED;

    struct row_text text;
    read_text(header, charset, record, &text);
    if (!has_person(&text) && text.field[LINKEDIN_CONNECTED_ON][0] != '\0') {
        *why = "the row holds only a date: the account was closed since";
        return LINKEDIN_CLOSED;
    }
    if (text.field[LINKEDIN_FIRST_NAME][0] == '\0' && text.field[LINKEDIN_LAST_NAME][0] == '\0') {
        *why = has_person(&text) ? "the row has no name" : "the row is empty";
        return LINKEDIN_SKIPPED;
    }
    *out = (struct import_row){.number = record->number};
    return fill_row(&text, arena, out) ? LINKEDIN_PERSON : LINKEDIN_NO_MEMORY;
}
