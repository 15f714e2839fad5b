/* SPDX-License-Identifier: Apache-2.0 */
#include "trie.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* While growing, children hang together as a list, sorted by symbol. 0, the root, ends it. */
struct growing_node {
    uint32_t symbol, first_child, next_sibling, child_count;
    uint16_t piece;
};

struct growing {
    struct growing_node *node;
    size_t count;
};

static uint32_t child_for(struct growing *trie, uint32_t parent, uint32_t symbol)
{
    uint32_t before = 0;
    uint32_t at = trie->node[parent].first_child;
    uint32_t added = (uint32_t)trie->count;

    while (at != 0 && trie->node[at].symbol < symbol) {
        before = at;
        at = trie->node[at].next_sibling;
    }
    if (at != 0 && trie->node[at].symbol == symbol)
        return at;
    trie->node[added] =
        (struct growing_node){.symbol = symbol, .next_sibling = at, .piece = ENCODER_NO_PIECE};
    trie->count++;
    trie->node[parent].child_count++;
    if (before == 0)
        trie->node[parent].first_child = added;
    else
        trie->node[before].next_sibling = added;
    return added;
}

static bool insert(struct growing *trie, const char *text, uint16_t piece)
{
    size_t len = strlen(text);
    uint32_t node = 0;

    for (size_t at = 0; at < len;) {
        int32_t symbol;
        utf8proc_ssize_t used =
            utf8proc_iterate((const uint8_t *)text + at, (utf8proc_ssize_t)(len - at), &symbol);

        if (used <= 0)
            return false;
        node = child_for(trie, node, (uint32_t)symbol);
        at += (size_t)used;
    }
    trie->node[node].piece = piece;
    return node != 0;
}

/* Breadth first: the children of a node come to lie side by side. `from[i]` is what i was. */
static void lay_out(const struct growing *trie, uint32_t *from, struct encoder_trie_node *out)
{
    size_t placed = 1;

    from[0] = 0;
    for (size_t i = 0; i < trie->count; i++) {
        const struct growing_node *node = &trie->node[from[i]];

        out[i] = (struct encoder_trie_node){.symbol = node->symbol,
            .first_child = (uint32_t)placed,
            .child_count = (uint16_t)node->child_count,
            .piece = node->piece};
        for (uint32_t c = node->first_child; c != 0; c = trie->node[c].next_sibling)
            from[placed++] = c;
    }
}

static size_t most_nodes(const struct source *source)
{
    size_t most = 1;

    for (size_t i = source->reserved; i < source->dims.vocabulary; i++)
        most += strlen(source->pieces[i].text);
    return most;
}

enum err_code trie_build(const struct source *source, struct trie *out, struct err *err)
{
    size_t most = most_nodes(source);
    struct growing trie = {calloc(most, sizeof *trie.node), 1};
    uint32_t *from = calloc(most, sizeof *from);
    struct encoder_trie_node *node = calloc(most, sizeof *node);
    enum err_code code = ERR_OK;

    if (trie.node == NULL || from == NULL || node == NULL) {
        code = err_raise(err, REASON_INTERNAL_ERROR, "out of memory");
    } else {
        trie.node[0].piece = ENCODER_NO_PIECE;
        for (size_t i = source->reserved; i < source->dims.vocabulary && code == ERR_OK; i++) {
            if (!insert(&trie, source->pieces[i].text, (uint16_t)i))
                code = err_raise(
                    err, REASON_ENCODER_FILE_INVALID, "piece %zu is empty or no UTF-8", i);
        }
    }
    if (code == ERR_OK) {
        lay_out(&trie, from, node);
        *out = (struct trie){node, trie.count};
        node = NULL;
    }
    free(trie.node);
    free(from);
    free(node);
    return code;
}

void trie_fini(struct trie *trie)
{
    free(trie->node);
    *trie = (struct trie){0};
}
