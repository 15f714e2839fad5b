/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FIELDS = 8, FIELD_SIZE = 512, SKIPPED = 77 };

struct id sample_id(uint32_t n)
{
    struct id id = {{0}};
    for (int i = 0; i < 4; i++)
        id.bytes[12 + i] = (uint8_t)(n >> (24 - 8 * i));
    return id;
}

static void add_contact(struct network_builder *b, uint32_t n)
{
    struct network_contact contact = {.id = sample_id(n)};
    assert(network_add_contact(b, &contact));
}

static struct network *finish(struct network_builder *b)
{
    struct network *net = NULL;
    struct err err = {0};
    assert(network_build(b, &net, &err) == ERR_OK);
    network_builder_free(b);
    return net;
}

struct network *sample_network(
    const struct wordnet *wordnet, uint32_t n_contacts, const struct sample_fact *facts)
{
    struct network_builder *b = network_builder_new(wordnet);
    for (uint32_t n = 1; n <= n_contacts; n++)
        add_contact(b, n);
    for (; facts->contact; facts++) {
        struct id id = sample_id(facts->contact);
        assert(network_add_fact(b, &id, facts->kind, facts->text, 1));
    }
    return finish(b);
}

/* One record of a CSV file with doubled quotes; its fields are cut at FIELD_SIZE. */
static int read_record(FILE *file, char fields[MAX_FIELDS][FIELD_SIZE])
{
    int n = 0, c = 0;
    size_t len = 0;
    bool is_quoted = false;
    memset(fields, 0, MAX_FIELDS * FIELD_SIZE);
    while ((c = getc(file)) != EOF && (is_quoted || c != '\n')) {
        if (c == '"')
            is_quoted = !is_quoted;
        if (c == ',' && !is_quoted && n < MAX_FIELDS - 1) {
            n++;
            len = 0;
        } else if (c != '"' && c != '\r' && len < FIELD_SIZE - 1) {
            fields[n][len++] = (char)c;
        }
    }
    return c == EOF && n == 0 && len == 0 ? 0 : n + 1;
}

/* First Name,Last Name,URL,Email Address,Company,Position,Connected On */
enum { FIRST_NAME, COMPANY = 4, POSITION = 5, N_COLUMNS = 7 };

struct row {
    char company[FIELD_SIZE];
    char position[FIELD_SIZE];
};

static size_t read_rows(struct row *rows, size_t max)
{
    char fields[MAX_FIELDS][FIELD_SIZE];
    FILE *file = fopen(SAMPLE_CSV, "r");
    size_t n = 0;
    assert(file);
    for (int n_fields = 1; n_fields > 0 && n < max;) {
        n_fields = read_record(file, fields);
        if (n_fields < N_COLUMNS || !fields[FIRST_NAME][0] ||
            strcmp(fields[FIRST_NAME], "First Name") == 0)
            n_fields = n_fields ? n_fields : feof(file) ? 0 : 1;
        else {
            memcpy(rows[n].company, fields[COMPANY], FIELD_SIZE);
            memcpy(rows[n++].position, fields[POSITION], FIELD_SIZE);
        }
    }
    (void)fclose(file);
    return n;
}

struct network *sample_address_book(const struct wordnet *wordnet)
{
    enum { MAX_ROWS = 400 };
    struct row *rows = calloc(MAX_ROWS, sizeof(*rows));
    size_t n = read_rows(rows, MAX_ROWS);
    struct network_builder *b = network_builder_new(wordnet);
    for (uint32_t i = 0; i < n; i++)
        add_contact(b, i + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct id id = sample_id(i + 1);
        assert(network_add_fact(b, &id, NETWORK_EMPLOYER, rows[i].company, 1));
        assert(network_add_fact(b, &id, NETWORK_TITLE, rows[i].position, 1));
    }
    free(rows);
    return finish(b);
}

void sample_open_wordnet(struct wordnet_map *map)
{
    struct err err = {0};
    if (wordnet_map_open(map, WORDNET_MAP_DEFAULT_DIR, &err) != ERR_OK) {
        (void)fprintf(stderr, "skipped: %s\n", err.msg);
        exit(SKIPPED);
    }
}
