/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_route [SECONDS]: routes everyday questions over networks of 500 and of 50,000 contacts with
 * a title, an employer, an interest and a city each, one question in ten contacts answered already.
 * A line per size and set of signals: questions per second of one thread and the time of one
 * question, the question's own encoding not included.
 */
#include "domain/route.h"
#include "wordnet_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ARENA_LIMIT = 64 << 20, MAX_SAMPLES = 100000, CANDIDATES = 3, CONTACTS_PER_ANSWER = 10 };

static const int64_t now_wall_us = 1700000000000000;

static const char *const questions[] = {
    "Which snorkeling mask and fins should I take on a trip to Hawaii?",
    "Who can help me with a patent for a folding bicycle?",
    "How do I get a wine stain out of a wool carpet?",
    "What should I know before I refinance the mortgage on my house?",
    "My violin has a crack near the bridge, is it worth repairing?",
    "Is it legal to record a call with my landlord?",
    "Which index should I add to speed up a slow database query?",
    "How do I train for a first marathon without hurting my knees?",
};
enum { N_QUESTIONS = sizeof(questions) / sizeof(questions[0]) };

static const char *const levels[] = {
    "Senior", "Junior", "Head of", "Lead", "Deputy", "Chief", "Associate", "Freelance"};
static const char *const fields[] = {"Swimming", "Patent", "Mortgage", "Violin", "Database",
    "Bicycle", "Sales", "Marketing", "Nursing", "Tax", "Garden", "Kitchen", "Wine", "Travel",
    "Software", "Hardware", "Insurance", "Logistics", "Physiotherapy", "Mathematics", "History",
    "Chemistry", "Timber", "Textile", "Railway", "Aviation", "Dental", "Veterinary", "Film",
    "Museum", "Bakery", "Steel", "Water", "Energy", "Climate", "Security", "Payroll", "Recruiting"};
static const char *const roles[] = {"Coach", "Engineer", "Attorney", "Teacher", "Manager",
    "Consultant", "Technician", "Director", "Analyst", "Specialist", "Planner", "Researcher",
    "Instructor", "Designer", "Buyer"};
static const char *const interests[] = {"climbing", "choir", "chess", "sailing", "cooking",
    "beekeeping", "photography", "football", "opera", "cycling", "gardening", "hiking", "pottery"};
static const char *const cities[] = {"Lisbon", "Oslo", "Leeds", "Chicago", "Vienna", "Porto",
    "Boston", "Lyon", "Gdansk", "Turin", "Perth", "Osaka"};
static const char *const wishes[] = {"Who can recommend", "How do I find",
    "What does it cost to hire", "Is it worth asking", "When do I need", "How do I complain about"};

#define PICK(list, n) ((list)[(n) % (sizeof(list) / sizeof((list)[0]))])

/* A sequence that is the same everywhere (xorshift32, Marsaglia 2003). */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static struct id id_of(uint32_t n)
{
    struct id id = {{0}};
    for (int i = 0; i < 4; i++)
        id.bytes[12 + i] = (uint8_t)(n >> (24 - 8 * i));
    return id;
}

/* Time this process had a core to itself: what others do on a busy machine does not count. */
static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(bool is_done)
{
    if (is_done)
        return;
    (void)fputs("bench_route: out of memory\n", stderr);
    exit(1);
}

static void add_facts(struct network_builder *b, const struct id *id, uint32_t n, uint32_t *seed)
{
    char text[128];
    (void)snprintf(text, sizeof(text), "%s %s %s", PICK(levels, next_random(seed)),
        PICK(fields, next_random(seed)), PICK(roles, next_random(seed)));
    must(network_add_fact(b, id, NETWORK_TITLE, text, 1));
    (void)snprintf(text, sizeof(text), "%s %s %u", PICK(fields, next_random(seed)),
        PICK(roles, next_random(seed)), next_random(seed) % (n / 5 + 1));
    must(network_add_fact(b, id, NETWORK_EMPLOYER, text, 1));
    must(network_add_fact(b, id, NETWORK_INTEREST, PICK(interests, next_random(seed)), 1));
    must(network_add_fact(b, id, NETWORK_CITY, PICK(cities, next_random(seed)), 1));
}

static void add_answer(struct network_builder *b, const struct id *id, uint32_t *seed)
{
    char text[128];
    (void)snprintf(text, sizeof(text), "%s a %s %s for %s in %s?", PICK(wishes, next_random(seed)),
        PICK(fields, next_random(seed)), PICK(roles, next_random(seed)),
        PICK(interests, next_random(seed)), PICK(cities, next_random(seed)));
    int64_t age_s = next_random(seed) % (3 * 365 * 86400);
    must(network_add_answered(b, id, text, now_wall_us - age_s * 1000000));
}

static struct network *build(const struct wordnet *wordnet, uint32_t n)
{
    struct network_builder *b = network_builder_new(wordnet);
    struct network *net = NULL;
    struct err err;
    uint32_t seed = 2026;
    must(b != NULL);
    for (uint32_t i = 1; i <= n; i++)
        must(network_add_contact(b, &(struct network_contact){.id = id_of(i)}));
    for (uint32_t i = 1; i <= n; i++) {
        struct id id = id_of(i);
        add_facts(b, &id, n, &seed);
        if (i % CONTACTS_PER_ANSWER == 0)
            add_answer(b, &id, &seed);
    }
    must(network_build(b, &net, &err) == ERR_OK);
    network_builder_free(b);
    return net;
}

/* Vectors like an encoder's, but of nothing: what they cost is the same. For free(). */
static struct meaning *make_meanings(const struct network *net, const struct meaning ***evidence)
{
    size_t n = net->n_statements;
    struct meaning *meanings = calloc(n + 1, sizeof(*meanings));
    uint32_t seed = 4;
    *evidence = calloc(n + 1, sizeof(**evidence));
    must(meanings && *evidence);
    for (size_t i = 0; i < n; i++) {
        (*evidence)[i] = &meanings[i];
        meanings[i].vector.scale = 1.0F / (73 * 22);
        for (size_t k = 0; k < ENCODER_DIM; k++)
            meanings[i].vector.dim[k] = (int8_t)(next_random(&seed) % 255 - 127);
    }
    return meanings;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* `meaning` NULL: by words and WordNet alone. */
static void measure(const struct router *router, const struct network *net,
    const struct signal_meaning *meaning, double for_us, struct arena *arena)
{
    static double took_us[MAX_SAMPLES];
    size_t n = 0;
    double begin = now_us(), now = begin;
    while (n < MAX_SAMPLES && (now - begin < for_us || n < N_QUESTIONS)) {
        const struct route_request request = {.question = questions[n % N_QUESTIONS],
            .meaning = meaning,
            .now_us = now_wall_us,
            .max_candidates = CANDIDATES,
            .named = UINT32_MAX};
        struct route_result result;
        struct err err;
        double start = now_us();
        must(route(router, net, &request, arena, &result, &err) == ERR_OK);
        arena_reset(arena);
        now = now_us();
        took_us[n++] = now - start;
    }
    qsort(took_us, n, sizeof(took_us[0]), by_value);
    (void)printf("candidates=%u signals=%s rate=%.0f p50us=%.0f p99us=%.0f\n", net->n_contacts,
        meaning ? "words+wordnet+meaning" : "words+wordnet", (double)n / (now - begin) * 1e6,
        took_us[n / 2], took_us[n * 99 / 100]);
}

static void measure_size(
    const struct router *router, uint32_t size, double for_us, struct arena *arena)
{
    const struct meaning **evidence = NULL;
    double start = now_us();
    struct network *net = build(router->wordnet, size);
    (void)printf("candidates=%u statements=%u buildms=%.0f\n", net->n_contacts, net->n_statements,
        (now_us() - start) / 1e3);
    struct meaning *meanings = make_meanings(net, &evidence);
    const struct signal_meaning meaning = {
        .question = {meanings[0].vector, meanings[0].vector, 0}, .evidence = evidence};
    measure(router, net, NULL, for_us, arena);
    measure(router, net, &meaning, for_us, arena);
    free(evidence);
    free(meanings);
    network_free(net);
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {500, 50000};
    double for_us = (argc > 1 ? strtod(argv[1], NULL) : 2) * 1e6;
    struct wordnet_map map = {.wordnet = NULL};
    struct arena arena;
    struct err err;
    double start = now_us();
    if (wordnet_map_open(&map, WORDNET_MAP_DEFAULT_DIR, &err) != ERR_OK) {
        (void)fprintf(stderr, "bench_route: %s\n", err.msg);
        return 1;
    }
    (void)printf("wordnet loadms=%.0f\n", (now_us() - start) / 1e3);
    struct router router = {.wordnet = map.wordnet, .parameters = score_defaults};
    arena_init(&arena, ARENA_LIMIT);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        measure_size(&router, sizes[i], for_us, &arena);
    arena_fini(&arena);
    wordnet_map_close(&map);
    return 0;
}
