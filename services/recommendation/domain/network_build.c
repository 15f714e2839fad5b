/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Scratch of one statement; a text of 2,000 bytes has at most 1,000 words. */
enum { SCRATCH_LIMIT = 1024 * 1024 };

struct row {
    uint32_t statement;
    uint32_t contact;
    float confidence;
};

struct network_builder {
    const struct wordnet *wordnet;
    struct network_contact *contacts;
    size_t n_contacts, contacts_cap;
    bool is_sorted;      /* by id, since the first fact came */
    struct strtab texts; /* of statements and stems */
    struct strtab keys;  /* kind and text: the number is the statement's */
    struct network_statement *statements;
    size_t n_statements, statements_cap;
    struct row *rows;
    size_t n_rows, rows_cap;
    uint32_t *own;
    size_t n_own, own_cap;
};

struct network_builder *network_builder_new(const struct wordnet *wordnet)
{
    struct network_builder *b = calloc(1, sizeof(*b));
    if (b)
        b->wordnet = wordnet;
    return b;
}

void network_builder_free(struct network_builder *builder)
{
    if (!builder)
        return;
    free(builder->contacts);
    strtab_fini(&builder->texts);
    strtab_fini(&builder->keys);
    free(builder->statements);
    free(builder->rows);
    free(builder->own);
    free(builder);
}

bool network_add_contact(struct network_builder *b, const struct network_contact *contact)
{
    void *contacts = b->contacts;
    if (b->is_sorted || !grow(&contacts, &b->contacts_cap, b->n_contacts, sizeof(*b->contacts)))
        return false;
    b->contacts = contacts;
    struct network_contact *copy = &b->contacts[b->n_contacts++];
    *copy = *contact;
    copy->common = 0;
    return true;
}

static int compare_contacts(const void *a, const void *b)
{
    const struct network_contact *x = a, *y = b;
    return memcmp(x->id.bytes, y->id.bytes, sizeof(x->id.bytes));
}

/* Contacts are complete: put them in order. */
static void sort_contacts(struct network_builder *b)
{
    if (!b->is_sorted && b->n_contacts)
        qsort(b->contacts, b->n_contacts, sizeof(*b->contacts), compare_contacts);
    b->is_sorted = true;
}

/* The number of the statement, new if need be; STRTAB_NONE without memory. */
static uint32_t intern_statement(
    struct network_builder *b, enum network_kind kind, const char *text)
{
    size_t len = strlen(text);
    char *key = malloc(len + 2);
    void *statements = b->statements;
    if (!key || !grow(&statements, &b->statements_cap, b->n_statements, sizeof(*b->statements))) {
        free(key);
        return STRTAB_NONE;
    }
    b->statements = statements;
    key[0] = (char)('A' + (int)kind);
    memcpy(key + 1, text, len + 1);
    uint32_t number = strtab_intern(&b->keys, key);
    free(key);
    if (number != STRTAB_NONE && number == b->n_statements) {
        uint32_t at = strtab_intern(&b->texts, text);
        if (at == STRTAB_NONE)
            return STRTAB_NONE;
        b->statements[b->n_statements++] =
            (struct network_statement){.text = at, .kind = (uint8_t)kind};
    }
    return number;
}

static bool add_row(struct network_builder *b, uint32_t contact, enum network_kind kind,
    const char *text, double confidence)
{
    uint32_t statement = intern_statement(b, kind, text);
    void *rows = b->rows;
    if (statement == STRTAB_NONE || !grow(&rows, &b->rows_cap, b->n_rows, sizeof(*b->rows)))
        return false;
    b->rows = rows;
    b->rows[b->n_rows++] = (struct row){statement, contact, (float)confidence};
    return true;
}

bool network_add_fact(struct network_builder *b, const struct id *contact, enum network_kind kind,
    const char *text, double confidence)
{
    const struct network_contact wanted = {.id = *contact}, *found = NULL;
    sort_contacts(b);
    if (b->n_contacts)
        found =
            bsearch(&wanted, b->contacts, b->n_contacts, sizeof(*b->contacts), compare_contacts);
    if (!found || !text[0])
        return true;
    return add_row(b, (uint32_t)(found - b->contacts), kind, text, confidence);
}

bool network_add_answered(
    struct network_builder *b, const struct id *contact, const char *question, int64_t asked_us)
{
    size_t n_before = b->n_rows;
    if (!network_add_fact(b, contact, NETWORK_ANSWERED, question, 1))
        return false;
    if (b->n_rows > n_before) {
        struct network_statement *asked = &b->statements[b->rows[n_before].statement];
        if (asked_us > asked->asked_us)
            asked->asked_us = asked_us;
    }
    return true;
}

bool network_add_own_fact(struct network_builder *b, enum network_kind kind, const char *text)
{
    void *own = b->own;
    sort_contacts(b);
    if (!grow(&own, &b->own_cap, b->n_own, sizeof(*b->own)))
        return false;
    b->own = own;
    uint32_t statement = intern_statement(b, kind, text);
    if (statement == STRTAB_NONE)
        return false;
    b->own[b->n_own++] = statement;
    return true;
}

/* ---- from rows to network -------------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->statement != y->statement)
        return x->statement < y->statement ? -1 : 1;
    if (x->contact != y->contact)
        return x->contact < y->contact ? -1 : 1;
    return x->confidence > y->confidence ? -1 : x->confidence < y->confidence;
}

/* Who each statement is said of; said twice of one contact, the surer one counts. */
static bool fill_holders(struct network_builder *b, struct network *net)
{
    net->holders = calloc(b->n_rows + 1, sizeof(*net->holders));
    if (!net->holders)
        return false;
    if (b->n_rows)
        qsort(b->rows, b->n_rows, sizeof(*b->rows), compare_rows);
    uint32_t n = 0;
    for (size_t i = 0; i < b->n_rows; i++) {
        const struct row *row = &b->rows[i];
        struct network_statement *statement = &b->statements[row->statement];
        if (statement->n_holders == 0)
            statement->first_holder = n;
        else if (net->holders[n - 1].contact == row->contact)
            continue;
        net->holders[n++] = (struct network_holder){row->contact, row->confidence};
        statement->n_holders++;
    }
    return true;
}

/* What two people share ties them the more the fewer share it: each common fact counts
 * 1 / ln(1 + people who have it) (Adamic & Adar, Social Networks 25, 2003). */
static void measure_common(struct network_builder *b, const struct network *net)
{
    for (size_t i = 0; i < b->n_own; i++) {
        const struct network_statement *s = &b->statements[b->own[i]];
        for (uint32_t h = 0; h < s->n_holders; h++)
            b->contacts[net->holders[s->first_holder + h].contact].common +=
                1.0 / log(2.0 + (double)s->n_holders);
    }
}

struct indexes {
    struct inverted_builder *stems, *lemmas, *answers;
    struct text_analyser *analyser;
    struct arena scratch;
};

static bool index_statement(struct network_builder *b, struct indexes *ix, uint32_t number)
{
    const struct network_statement *s = &b->statements[number];
    bool is_answer = s->kind == NETWORK_ANSWERED;
    bool drop_roles = s->kind == NETWORK_TITLE || s->kind == NETWORK_EMPLOYER;
    struct terms terms;
    struct err err;
    arena_reset(&ix->scratch);
    if (terms_of(ix->analyser, b->wordnet, strtab_get(&b->texts, s->text), drop_roles, &ix->scratch,
            &terms, &err) != ERR_OK)
        return false;
    for (size_t i = 0; i < terms.words.n; i++)
        if (!inverted_add(is_answer ? ix->answers : ix->stems, number, terms.words.items[i].stem))
            return false;
    for (size_t i = 0; i < terms.n && !is_answer; i++)
        if (!inverted_add(ix->lemmas, number, terms.items[i].lemma))
            return false;
    return true;
}

static bool index_statements(struct network_builder *b, struct indexes *ix, struct network *net)
{
    for (uint32_t i = 0; i < b->n_statements; i++)
        if (b->statements[i].n_holders && !index_statement(b, ix, i))
            return false;
    net->stems = inverted_build(ix->stems);
    net->lemmas = inverted_build(ix->lemmas);
    net->answers = inverted_build(ix->answers);
    return net->stems && net->lemmas && net->answers;
}

static int compare_concepts(const void *a, const void *b)
{
    const struct network_concept *x = a, *y = b;
    if (x->synset != y->synset)
        return x->synset < y->synset ? -1 : 1;
    return x->lemma < y->lemma ? -1 : x->lemma > y->lemma;
}

/* The stem of a lemma's last word: evidence of the same stem shares the word already. */
static bool fill_stem(
    struct network_builder *b, struct indexes *ix, struct network *net, uint32_t lemma)
{
    struct text_words words;
    struct err err;
    arena_reset(&ix->scratch);
    if (text_split(ix->analyser, inverted_term(net->lemmas, lemma), &ix->scratch, &words, &err) !=
        ERR_OK)
        return false;
    const char *stem = words.n ? words.items[words.n - 1].stem : "";
    net->lemma_stems[lemma] = strtab_intern(&b->texts, stem);
    return net->lemma_stems[lemma] != STRTAB_NONE;
}

static bool add_concepts(
    const struct network_builder *b, struct network *net, size_t *cap, uint32_t lemma)
{
    struct wordnet_form forms[WORDNET_MAX_FORMS];
    size_t n = wordnet_forms(b->wordnet, inverted_term(net->lemmas, lemma), forms);
    for (size_t i = 0; i < n; i++) {
        void *grown = net->concepts;
        if (!grow(&grown, cap, net->n_concepts, sizeof(*net->concepts)))
            return false;
        net->concepts = grown;
        net->concepts[net->n_concepts++] =
            (struct network_concept){forms[i].synset, lemma, forms[i].weight};
    }
    return true;
}

/* What every lemma of the evidence may stand for. */
static bool fill_concepts(struct network_builder *b, struct indexes *ix, struct network *net)
{
    uint32_t n_lemmas = (uint32_t)inverted_n_terms(net->lemmas);
    size_t cap = 0;
    net->lemma_stems = calloc((size_t)n_lemmas + 1, sizeof(*net->lemma_stems));
    if (!net->lemma_stems)
        return false;
    for (uint32_t lemma = 0; lemma < n_lemmas; lemma++) {
        if (!fill_stem(b, ix, net, lemma) || (b->wordnet && !add_concepts(b, net, &cap, lemma)))
            return false;
    }
    if (net->n_concepts)
        qsort(net->concepts, net->n_concepts, sizeof(*net->concepts), compare_concepts);
    return true;
}

static bool fill_indexes(struct network_builder *b, struct network *net)
{
    struct indexes ix = {.stems = inverted_builder_new(),
        .lemmas = inverted_builder_new(),
        .answers = inverted_builder_new(),
        .analyser = text_analyser_new()};
    arena_init(&ix.scratch, SCRATCH_LIMIT);
    bool is_done = ix.stems && ix.lemmas && ix.answers && ix.analyser &&
                   index_statements(b, &ix, net) && fill_concepts(b, &ix, net);
    inverted_builder_free(ix.stems);
    inverted_builder_free(ix.lemmas);
    inverted_builder_free(ix.answers);
    text_analyser_free(ix.analyser);
    arena_fini(&ix.scratch);
    return is_done;
}

/* What the builder collected becomes the network's. */
static void hand_over(struct network_builder *b, struct network *net)
{
    net->contacts = b->contacts;
    net->n_contacts = (uint32_t)b->n_contacts;
    net->statements = b->statements;
    net->n_statements = (uint32_t)b->n_statements;
    net->texts = b->texts;
    b->contacts = NULL;
    b->n_contacts = 0;
    b->statements = NULL;
    b->texts = (struct strtab){0};
}

enum err_code network_build(struct network_builder *b, struct network **out, struct err *err)
{
    struct network *net = calloc(1, sizeof(*net));
    sort_contacts(b);
    bool is_built = net && fill_holders(b, net);
    if (is_built) {
        measure_common(b, net);
        is_built = fill_indexes(b, net);
    }
    if (!is_built) {
        network_free(net);
        return err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    }
    hand_over(b, net);
    *out = net;
    return ERR_OK;
}
