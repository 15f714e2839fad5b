/* SPDX-License-Identifier: Apache-2.0 */
#include "meanings.h"

#include "log/log.h"
#include "meanings_store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    N_BUCKETS = 1 << 15,
    MAX_IDLE_SCRATCHES = 16,
    LOAD_BATCH = 500, /* texts looked up in the database at once */
    SAVE_BATCH = 32,  /* texts encoded between two writes: a few tenths of a second */
    BACKGROUND_NICE = 10
};

struct meaning_slot {
    struct meaning meaning;
    struct meaning_slot *next;    /* in its bucket */
    struct meaning_slot *waiting; /* behind it in the queue */
    uint32_t n_holders;           /* networks, and the thread while it works on it */
    atomic_bool is_ready;
    bool is_question;
    char text[];
};

struct meanings {
    struct meanings_config config;
    char model[ENCODER_MODEL_NAME_MAX + BANK_IDENTITY_SIZE + 2];
    struct bank bank; /* written before has_bank is set */
    void *own_bank;   /* its bytes, unless it was given */
    atomic_bool has_bank;
    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t changed;
    struct meaning_slot *buckets[N_BUCKETS];
    struct meaning_slot *first, **last; /* the queue */
    size_t n_waiting;
    struct encoder_scratch *idle[MAX_IDLE_SCRATCHES];
    size_t n_idle;
    bool is_stopping;
    pthread_t thread;
};

const struct meaning *meanings_get(const struct meaning_slot *slot)
{
    return atomic_load_explicit(&slot->is_ready, memory_order_acquire) ? &slot->meaning : NULL;
}

/* ---- slots; the lock is held ----------------------------------------------------------------- */

/* FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv). */
static struct meaning_slot **bucket_of(struct meanings *m, const char *text, bool is_question)
{
    uint32_t h = is_question ? 2166136261U ^ 1U : 2166136261U;
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 16777619U;
    return &m->buckets[h % N_BUCKETS];
}

static void enqueue(struct meanings *m, struct meaning_slot *slot)
{
    *m->last = slot;
    m->last = &slot->waiting;
    slot->n_holders++;
    m->n_waiting++;
    (void)pthread_cond_signal(&m->changed);
}

static struct meaning_slot *hold(struct meanings *m, const char *text, bool is_question)
{
    struct meaning_slot **bucket = bucket_of(m, text, is_question);
    struct meaning_slot *slot = *bucket;
    while (slot && (slot->is_question != is_question || strcmp(slot->text, text) != 0))
        slot = slot->next;
    if (!slot) {
        size_t len = strlen(text) + 1;
        slot = calloc(1, sizeof(*slot) + len);
        if (!slot)
            return NULL;
        memcpy(slot->text, text, len);
        slot->is_question = is_question;
        slot->next = *bucket;
        *bucket = slot;
        enqueue(m, slot);
    }
    slot->n_holders++;
    return slot;
}

static void let_go(struct meanings *m, struct meaning_slot *slot)
{
    if (--slot->n_holders > 0)
        return;
    struct meaning_slot **at = bucket_of(m, slot->text, slot->is_question);
    while (*at != slot)
        at = &(*at)->next;
    *at = slot->next;
    free(slot);
}

/* ---- networks -------------------------------------------------------------------------------- */

struct meaning_slot **meanings_attach(struct meanings *m, const struct network *network)
{
    struct meaning_slot **slots = calloc((size_t)network->n_statements + 1, sizeof(*slots));
    if (!slots)
        return NULL;
    (void)pthread_mutex_lock(&m->lock);
    for (uint32_t i = 0; i < network->n_statements; i++)
        slots[i] =
            hold(m, network_text(network, i), network->statements[i].kind == NETWORK_ANSWERED);
    (void)pthread_mutex_unlock(&m->lock);
    for (uint32_t i = 0; i < network->n_statements; i++)
        if (!slots[i]) {
            meanings_detach(m, slots, network->n_statements);
            return NULL;
        }
    return slots;
}

void meanings_detach(struct meanings *m, struct meaning_slot **slots, size_t n)
{
    if (!slots)
        return;
    (void)pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < n; i++)
        if (slots[i])
            let_go(m, slots[i]);
    (void)pthread_mutex_unlock(&m->lock);
    free(slots);
}

size_t meanings_count_waiting(struct meanings *m)
{
    (void)pthread_mutex_lock(&m->lock);
    size_t n = m->n_waiting;
    (void)pthread_mutex_unlock(&m->lock);
    return n;
}

/* ---- questions ------------------------------------------------------------------------------- */

static struct encoder_scratch *take_scratch(struct meanings *m)
{
    struct encoder_scratch *scratch = NULL;
    (void)pthread_mutex_lock(&m->lock);
    if (m->n_idle > 0)
        scratch = m->idle[--m->n_idle];
    (void)pthread_mutex_unlock(&m->lock);
    return scratch ? scratch : encoder_scratch_new(m->config.encoder);
}

static void give_scratch(struct meanings *m, struct encoder_scratch *scratch)
{
    (void)pthread_mutex_lock(&m->lock);
    if (m->n_idle < MAX_IDLE_SCRATCHES) {
        m->idle[m->n_idle++] = scratch;
        scratch = NULL;
    }
    (void)pthread_mutex_unlock(&m->lock);
    encoder_scratch_free(scratch);
}

static struct meaning_encoder encoder_with(
    const struct meanings *m, struct encoder_scratch *scratch)
{
    struct meaning_encoder encoder = {
        .encoder = m->config.encoder, .scratch = scratch, .wordnet = m->config.wordnet};
    bank_lend(&m->bank, &encoder);
    return encoder;
}

bool meanings_of_question(struct meanings *m, const char *question, struct meaning_question *out)
{
    if (!atomic_load_explicit(&m->has_bank, memory_order_acquire))
        return false;
    struct encoder_scratch *scratch = take_scratch(m);
    if (!scratch)
        return false;
    const struct meaning_encoder encoder = encoder_with(m, scratch);
    meaning_of_question(&encoder, question, out);
    give_scratch(m, scratch);
    return true;
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Texts the thread works on; it holds each. */
struct batch {
    struct meaning_slot *slots[LOAD_BATCH];
    struct meanings_text texts[LOAD_BATCH];
    size_t n;
};

/* Waits for work. False when it is time to stop. */
static bool take_batch(struct meanings *m, struct batch *batch)
{
    batch->n = 0;
    (void)pthread_mutex_lock(&m->lock);
    while (!m->is_stopping && !m->first)
        (void)pthread_cond_wait(&m->changed, &m->lock);
    while (!m->is_stopping && m->first && batch->n < LOAD_BATCH) {
        batch->slots[batch->n++] = m->first;
        m->first = m->first->waiting;
    }
    if (!m->first)
        m->last = &m->first;
    bool is_stopping = m->is_stopping;
    (void)pthread_mutex_unlock(&m->lock);
    return !is_stopping;
}

static bool is_stopping(struct meanings *m)
{
    (void)pthread_mutex_lock(&m->lock);
    bool stops = m->is_stopping;
    (void)pthread_mutex_unlock(&m->lock);
    return stops;
}

static void publish(struct meanings *m, struct meaning_slot *slot, const struct meaning *meaning)
{
    slot->meaning = *meaning;
    atomic_store_explicit(&slot->is_ready, true, memory_order_release);
    (void)pthread_mutex_lock(&m->lock);
    m->n_waiting--;
    let_go(m, slot);
    (void)pthread_mutex_unlock(&m->lock);
}

static void encode(
    const struct meaning_encoder *encoder, const struct meaning_slot *slot, struct meaning *out)
{
    if (!slot->is_question) {
        meaning_of_evidence(encoder, slot->text, out);
        return;
    }
    struct meaning_question question;
    meaning_of_question(encoder, slot->text, &question);
    *out = (struct meaning){.vector = question.vector};
}

/* What the database had is published at once; the rest moves to the front of the batch. */
static void publish_found(struct meanings *m, struct batch *batch)
{
    size_t n = 0;
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->texts[i].is_found) {
            publish(m, batch->slots[i], &batch->texts[i].meaning);
            continue;
        }
        batch->texts[n] = batch->texts[i];
        batch->slots[n++] = batch->slots[i];
    }
    batch->n = n;
}

static void tell_progress(struct meanings *m)
{
    if (m->config.progress)
        m->config.progress(m->config.progress_arg, meanings_count_waiting(m));
}

/* Encodes, stores and publishes `n` texts. A failed write costs no more than doing it again. */
static void encode_some(struct meanings *m, const struct meaning_encoder *encoder,
    struct meaning_slot **slots, struct meanings_text *texts, size_t n)
{
    struct err err = {0};
    for (size_t i = 0; i < n; i++)
        encode(encoder, slots[i], &texts[i].meaning);
    if (meanings_store_save(m->config.db, m->model, texts, n, &err) != ERR_OK)
        log_warn("meaning.save_failed", LOG_ERR(&err));
    for (size_t i = 0; i < n; i++)
        publish(m, slots[i], &texts[i].meaning);
    tell_progress(m);
}

static void do_batch(struct meanings *m, const struct meaning_encoder *encoder, struct batch *batch)
{
    struct err err = {0};
    for (size_t i = 0; i < batch->n; i++)
        meanings_store_hash(batch->slots[i]->text, batch->slots[i]->is_question, &batch->texts[i]);
    if (meanings_store_load(m->config.db, m->model, batch->texts, batch->n, &err) != ERR_OK)
        log_warn("meaning.load_failed", LOG_ERR(&err));
    publish_found(m, batch);
    tell_progress(m);
    for (size_t i = 0; i < batch->n && !is_stopping(m); i += SAVE_BATCH) {
        size_t n = batch->n - i < SAVE_BATCH ? batch->n - i : SAVE_BATCH;
        encode_some(m, encoder, &batch->slots[i], &batch->texts[i], n);
    }
}

/* Without memory for it nothing is taken off for hubness. */
static void make_bank(struct meanings *m, struct encoder_scratch *scratch)
{
    const struct meaning_encoder bare = {m->config.encoder, scratch, m->config.wordnet};
    struct err err;
    m->own_bank = bank_make(&bare);
    if (m->own_bank &&
        bank_read(m->own_bank, bank_file_size(), m->config.encoder, &m->bank, &err) == ERR_OK)
        atomic_store_explicit(&m->has_bank, true, memory_order_release);
}

static void *work(void *arg)
{
    struct meanings *m = arg;
    struct encoder_scratch *scratch = encoder_scratch_new(m->config.encoder);
    struct batch *batch = calloc(1, sizeof(*batch));
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), BACKGROUND_NICE);
    if (scratch && batch) {
        if (!m->config.bank)
            make_bank(m, scratch);
        const struct meaning_encoder encoder = encoder_with(m, scratch);
        while (take_batch(m, batch))
            do_batch(m, &encoder, batch);
    }
    encoder_scratch_free(scratch);
    free(batch);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* What is stored under another name is encoded anew. */
static void name_model(struct meanings *m)
{
    char identity[BANK_IDENTITY_SIZE];
    bank_identity(identity);
    (void)snprintf(m->model, sizeof(m->model), "%s/%s%s", encoder_model_name(m->config.encoder),
        identity, m->config.wordnet ? "w" : "");
}

enum err_code meanings_new(
    struct meanings **out, const struct meanings_config *config, struct err *err)
{
    struct meanings *m = calloc(1, sizeof(*m));
    if (!m)
        goto fail;
    m->config = *config;
    m->last = &m->first;
    name_model(m);
    if (config->bank) {
        m->bank = *config->bank;
        atomic_store_explicit(&m->has_bank, true, memory_order_release);
    }
    if (pthread_mutex_init(&m->lock, NULL) != 0 || pthread_cond_init(&m->changed, NULL) != 0 ||
        pthread_create(&m->thread, NULL, work, m) != 0)
        goto fail;
    *out = m;
    return ERR_OK;
fail:
    free(m);
    return err_raise(err, REASON_INTERNAL_ERROR, "the thread of the encoder could not be started");
}

void meanings_stop(struct meanings *m)
{
    if (!m)
        return;
    (void)pthread_mutex_lock(&m->lock);
    bool was_stopping = m->is_stopping;
    m->is_stopping = true;
    (void)pthread_cond_signal(&m->changed);
    (void)pthread_mutex_unlock(&m->lock);
    if (!was_stopping)
        (void)pthread_join(m->thread, NULL);
}

void meanings_free(struct meanings *m)
{
    if (!m)
        return;
    meanings_stop(m);
    for (size_t i = 0; i < N_BUCKETS; i++)
        while (m->buckets[i]) { /* those the thread had not come to */
            struct meaning_slot *next = m->buckets[i]->next;
            free(m->buckets[i]);
            m->buckets[i] = next;
        }
    for (size_t i = 0; i < m->n_idle; i++)
        encoder_scratch_free(m->idle[i]);
    (void)pthread_cond_destroy(&m->changed);
    (void)pthread_mutex_destroy(&m->lock);
    free(m->own_bank);
    free(m);
}
