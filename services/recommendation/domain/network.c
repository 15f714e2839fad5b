/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/network.h"

#include <stdlib.h>
#include <string.h>

const char *network_kind_name(enum network_kind kind)
{
    static const char *const names[NETWORK_N_KINDS] = {"", "employer", "title", "school",
        "hometown", "city", "interest", "allegiance", "expertise", "language", "author of", "tag",
        "answer"};
    return (unsigned)kind < NETWORK_N_KINDS ? names[kind] : "";
}

void network_free(struct network *network)
{
    if (!network)
        return;
    free(network->contacts);
    free(network->statements);
    free(network->holders);
    free(network->concepts);
    free(network->lemma_stems);
    strtab_fini(&network->texts);
    inverted_free(network->stems);
    inverted_free(network->lemmas);
    inverted_free(network->answers);
    free(network);
}

uint32_t network_find(const struct network *network, const struct id *contact)
{
    uint32_t low = 0, high = network->n_contacts;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order =
            memcmp(network->contacts[middle].id.bytes, contact->bytes, sizeof(contact->bytes));
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return UINT32_MAX;
}

const char *network_text(const struct network *network, uint32_t statement)
{
    return strtab_get(&network->texts, network->statements[statement].text);
}
