/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks for tests: small ones said in a few lines, and the sample address book.
 */
#pragma once

#include "domain/network.h"
#include "wordnet_map.h"

/* The id whose last bytes are `n`; sorts as the numbers do. */
struct id sample_id(uint32_t n);

/* A statement about contact `n`. */
struct sample_fact {
    uint32_t contact;
    enum network_kind kind;
    const char *text;
};

/* Contacts 1 to `n_contacts`, known for nothing but these facts. The last fact has contact 0. */
struct network *sample_network(
    const struct wordnet *wordnet, uint32_t n_contacts, const struct sample_fact *facts);

/* tests/data/linkedin/Connections.csv: contact n is its n-th row with a name. */
struct network *sample_address_book(const struct wordnet *wordnet);

/* Opens WordNet, or skips the whole test program where it is not installed. */
void sample_open_wordnet(struct wordnet_map *map);
