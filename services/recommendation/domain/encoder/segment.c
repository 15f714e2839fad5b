/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/encoder/segment.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    SPACE_MARK = 0x2581,  /* SentencePiece writes a space so */
    REPLACEMENT = 0xfffd, /* for bytes that are no UTF-8 */
    MAX_SYMBOLS = ENCODER_MAX_BYTES + 1,
    MAX_EXPANSION = 32, /* code points one may decompose to; Unicode has 18 */
    UNKNOWN = 0
};

/* The best way to end at a place: its score and the last piece of it. */
struct arrival {
    double score;
    uint16_t begin; /* where the piece begins */
    uint16_t piece;
};

struct segmenter {
    int32_t symbol[MAX_SYMBOLS + MAX_EXPANSION];
    struct arrival at[MAX_SYMBOLS + 1]; /* at[i]: before symbol i */
    uint16_t next[MAX_SYMBOLS + 1];     /* end of the piece that begins here, on the best way */
};

struct segmenter *segmenter_new(void)
{
    return malloc(sizeof(struct segmenter));
}

void segmenter_free(struct segmenter *segmenter)
{
    free(segmenter);
}

/* One code point of the text at `*at`, which moves on. */
static int32_t decode(const char *text, size_t len, size_t *at)
{
    int32_t code_point;
    utf8proc_ssize_t used =
        utf8proc_iterate((const uint8_t *)text + *at, (utf8proc_ssize_t)(len - *at), &code_point);

    if (used <= 0) {
        *at += 1;
        return REPLACEMENT;
    }
    *at += (size_t)used;
    return code_point;
}

/* Canonical order: marks on one letter by their class, those of one class as they came. */
static void order_marks(int32_t *symbol, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int32_t moved = symbol[i];
        int rank = utf8proc_get_property(moved)->combining_class;
        size_t to = i;

        while (
            rank > 0 && to > 0 && utf8proc_get_property(symbol[to - 1])->combining_class > rank) {
            symbol[to] = symbol[to - 1];
            to--;
        }
        symbol[to] = moved;
    }
}

/* Decomposed, compatibility form; what does not fit is left out. */
static size_t decompose(const char *text, size_t len, int32_t *symbol, size_t room, bool *is_ascii)
{
    const utf8proc_option_t options = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
    size_t count = 0;

    *is_ascii = true;
    for (size_t at = 0; at < len && count < room;) {
        int32_t code_point = decode(text, len, &at);
        int boundary = 0;

        if (code_point < 0x80) {
            symbol[count++] = code_point;
            continue;
        }
        *is_ascii = false;
        count += (size_t)utf8proc_decompose_char(
            code_point, symbol + count, MAX_EXPANSION, options, &boundary);
    }
    return count < room ? count : room;
}

/* The text's symbols behind a mark for its beginning. An empty text has none. */
static size_t normalise(struct segmenter *segmenter, const char *text, size_t len)
{
    int32_t *symbol = segmenter->symbol + 1;
    bool is_ascii;
    size_t count = decompose(text, len < ENCODER_MAX_BYTES ? len : ENCODER_MAX_BYTES, symbol,
        MAX_SYMBOLS - 1, &is_ascii);

    if (count == 0)
        return 0;
    if (!is_ascii) {
        order_marks(symbol, count);
        count = (size_t)utf8proc_normalize_utf32(
            symbol, (utf8proc_ssize_t)count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    }
    segmenter->symbol[0] = SPACE_MARK;
    for (size_t i = 0; i < count; i++) {
        if (symbol[i] == ' ')
            symbol[i] = SPACE_MARK;
    }
    return count + 1;
}

static const struct encoder_trie_node *child(
    const struct encoder_model *model, const struct encoder_trie_node *node, uint32_t symbol)
{
    const struct encoder_trie_node *low = model->trie + node->first_child;
    size_t count = node->child_count;

    while (count > 0) {
        const struct encoder_trie_node *middle = low + count / 2;

        if (middle->symbol == symbol)
            return middle;
        if (middle->symbol < symbol) {
            low = middle + 1;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}

/* A score of 0 reads as "not reached yet", as in the tokenizer this one follows. */
static void arrive(
    struct segmenter *segmenter, size_t begin, size_t end, uint16_t piece, double score)
{
    struct arrival *at = &segmenter->at[end];
    double total = score + segmenter->at[begin].score;

    if (at->score == 0 || total >= at->score)
        *at = (struct arrival){total, (uint16_t)begin, piece};
}

/* Take every piece that begins at `begin`; if there is none, the symbol is unknown. */
static void leave(
    const struct encoder_model *model, struct segmenter *segmenter, size_t begin, size_t count)
{
    const struct encoder_trie_node *node = model->trie;
    bool is_known = false;

    for (size_t i = begin; i < count; i++) {
        node = child(model, node, (uint32_t)segmenter->symbol[i]);
        if (node == NULL)
            break;
        if (node->piece != ENCODER_NO_PIECE) {
            arrive(segmenter, begin, i + 1, node->piece, model->score[node->piece]);
            is_known = true;
        }
    }
    if (!is_known)
        arrive(segmenter, begin, begin + 1, UNKNOWN, 0);
}

static void find_best_way(
    const struct encoder_model *model, struct segmenter *segmenter, size_t count)
{
    for (size_t i = 0; i <= count; i++)
        segmenter->at[i] = (struct arrival){0, (uint16_t)(i == 0 ? 0 : i - 1), UNKNOWN};
    for (size_t i = 0; i < count; i++)
        leave(model, segmenter, i, count);
    for (size_t end = count; end > 0; end = segmenter->at[end].begin)
        segmenter->next[segmenter->at[end].begin] = (uint16_t)end;
}

size_t segment(const struct encoder_model *model, struct segmenter *segmenter, const char *text,
    size_t len, uint16_t pieces[ENCODER_MAX_PIECES])
{
    size_t count = normalise(segmenter, text, len);
    size_t found = 0;
    bool is_unknown = false;

    if (count == 0)
        return 0;
    find_best_way(model, segmenter, count);
    for (size_t begin = 0; begin < count && found < ENCODER_MAX_PIECES;
         begin = segmenter->next[begin]) {
        uint16_t piece = segmenter->at[segmenter->next[begin]].piece;

        /* Neighbouring unknown symbols are one piece. */
        if (piece != UNKNOWN || !is_unknown)
            pieces[found++] = piece;
        is_unknown = piece == UNKNOWN;
    }
    return found;
}
