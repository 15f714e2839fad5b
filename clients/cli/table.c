/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: columns as wide as their widest cell, the last ragged, cut to fit a narrow terminal. */
#include "view.h"

#include <string.h>
#include <utf8proc.h>

enum { GAP = 2, NARROWEST = 8 };

struct view_table view_table(struct cli *cli, const struct view_column *columns, size_t n_columns)
{
    return (struct view_table){.cli = cli, .columns = columns, .n_columns = n_columns};
}

void view_row(struct view_table *table, const char *const *cells)
{
    struct arena *arena = &table->cli->arena;
    if (table->n_rows == table->max_rows) {
        size_t wanted = table->max_rows == 0 ? 32 : table->max_rows * 2;
        const char ***more = arena_calloc(arena, wanted, sizeof(*more));
        if (more == NULL)
            return;
        if (table->n_rows > 0)
            memcpy(more, table->rows, table->n_rows * sizeof(*more));
        table->rows = more;
        table->max_rows = wanted;
    }
    const char **row = arena_calloc(arena, table->n_columns, sizeof(*row));
    if (row == NULL)
        return;
    memcpy(row, cells, table->n_columns * sizeof(*row));
    table->rows[table->n_rows++] = row;
}

static void measure(const struct view_table *table, size_t widths[VIEW_MAX_COLUMNS])
{
    for (size_t c = 0; c < table->n_columns; c++) {
        widths[c] = view_width(table->columns[c].title);
        for (size_t r = 0; r < table->n_rows; r++) {
            size_t width = view_width(table->rows[r][c]);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
}

/* Take from the columns that allow it, widest first, until the row fits. */
static void shrink(const struct view_table *table, size_t widths[VIEW_MAX_COLUMNS])
{
    if (table->cli->columns == 0)
        return;
    for (;;) {
        size_t total = 0;
        size_t widest = table->n_columns;
        for (size_t c = 0; c < table->n_columns; c++) {
            total += widths[c] + (c > 0 ? GAP : 0);
            bool may = table->columns[c].may_shrink && widths[c] > NARROWEST;
            if (may && (widest == table->n_columns || widths[c] > widths[widest]))
                widest = c;
        }
        if (total <= table->cli->columns || widest == table->n_columns)
            return;
        widths[widest]--;
    }
}

/* The text up to `width` cells, ending in an ellipsis when some is left out. Its width in cells. */
static size_t print_cut(const char *text, size_t width)
{
    size_t all = view_width(text);
    if (all <= width) {
        (void)fputs(text, stdout);
        return all;
    }
    size_t used = 0;
    const char *at = text;
    while (*at != '\0') {
        utf8proc_int32_t c;
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &c);
        size_t cells = size <= 0 ? 1 : (size_t)utf8proc_charwidth(c);
        if (used + cells + 1 > width)
            break;
        used += cells;
        at += size <= 0 ? 1 : size;
    }
    (void)fwrite(text, 1, (size_t)(at - text), stdout);
    (void)fputs("\xE2\x80\xA6", stdout);
    return used + 1;
}

static void print_cell(const struct cli *cli, const char *text, size_t width,
    const struct view_column *column, enum view_style style, bool is_last)
{
    const char *const begin[] = {"", cli->bold, cli->dim};
    size_t used = view_width(text);
    size_t blank = used < width ? width - used : 0;
    if (column->is_right)
        (void)printf("%*s", (int)blank, "");
    (void)fputs(begin[style], stdout);
    used = print_cut(text, width);
    (void)fputs(style == VIEW_PLAIN ? "" : cli->plain, stdout);
    if (!is_last && !column->is_right)
        (void)printf("%*s", (int)(width > used ? width - used : 0), "");
    if (!is_last)
        (void)printf("%*s", GAP, "");
}

/* Without blanks at its end; nothing at all for a row of empty cells. */
static void print_row(const struct view_table *table, const char *const *cells,
    const size_t widths[VIEW_MAX_COLUMNS], bool is_title)
{
    size_t n = table->n_columns;
    while (n > 0 && *cells[n - 1] == '\0')
        n--;
    for (size_t c = 0; c < n; c++) {
        const struct view_column *column = &table->columns[c];
        print_cell(table->cli, cells[c], widths[c], column, is_title ? VIEW_DIM : column->style,
            c + 1 == n);
    }
    if (n > 0)
        (void)putchar('\n');
}

void view_print(const struct view_table *table)
{
    size_t widths[VIEW_MAX_COLUMNS] = {0};
    const char *titles[VIEW_MAX_COLUMNS];
    if (table->n_rows == 0 || table->cli->is_json)
        return;
    measure(table, widths);
    shrink(table, widths);
    for (size_t c = 0; c < table->n_columns; c++)
        titles[c] = table->columns[c].title;
    print_row(table, titles, widths, true);
    for (size_t r = 0; r < table->n_rows; r++)
        print_row(table, table->rows[r], widths, false);
}
