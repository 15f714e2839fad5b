/* SPDX-License-Identifier: Apache-2.0 */
/*
 * View: how things look on a terminal. Texts of other people are made harmless first: control
 * characters, which could move the cursor or hide what is there, and marks that turn the direction
 * of writing become U+FFFD.
 */
#pragma once

#include "cli.h"

/* A string of a JSON object, harmless and on one line; "" where there is none. */
const char *view_text(struct cli *cli, const json_t *object, const char *key);
/* The same keeping line breaks. */
const char *view_lines(struct cli *cli, const json_t *object, const char *key);
/* As it is: for ids, tokens and codes, which go back to a service. */
const char *view_raw(const json_t *object, const char *key);
/* An integer, which JSON carries as a string when it has 64 bits; 0 where there is none. */
int64_t view_int(const json_t *object, const char *key);
bool view_is(const json_t *object, const char *key);
double view_real(const json_t *object, const char *key);

bool view_is_utf8(const char *text);

/* Any text, made harmless. */
const char *view_clean(struct cli *cli, const char *text, bool keep_lines);

/* The end of an id, enough to name it: "…9c217f3a". Ids made together begin alike. */
const char *view_id(struct cli *cli, const char *id);

/* "COLOR_DARK_RED" without "COLOR_": "dark red". */
const char *view_enum(struct cli *cli, const json_t *object, const char *key, const char *prefix);

/* "2 min ago", "yesterday", "12 Mar 2026", from microseconds since 1970. "" for 0. */
const char *view_ago(struct cli *cli, int64_t us);
/* "in 29 days". */
const char *view_until(struct cli *cli, int64_t us);

/* Cells on a terminal, also of wide and combining characters. */
size_t view_width(const char *text);

/* "1 contact", "3 contacts" */
const char *view_count(struct cli *cli, int64_t n, const char *one, const char *many);

enum view_style { VIEW_PLAIN, VIEW_BOLD, VIEW_DIM };

struct view_column {
    const char *title;
    enum view_style style;
    bool is_right;   /* aligned */
    bool may_shrink; /* cut when the terminal is narrow */
};

enum { VIEW_MAX_COLUMNS = 8 };

struct view_table {
    struct cli *cli;
    const struct view_column *columns;
    size_t n_columns;
    const char ***rows;
    size_t n_rows, max_rows;
};

struct view_table view_table(struct cli *cli, const struct view_column *columns, size_t n_columns);
/* `cells` has as many as there are columns; what they point to stays. */
void view_row(struct view_table *table, const char *const *cells);
/* Nothing for an empty table. */
void view_print(const struct view_table *table);
