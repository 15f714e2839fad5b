/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "boot/boot.h"
#include "events.h"
#include "log/log.h"
#include "recommendation_migrations.h"
#include "recommendation_sql.h"

#include <kith/v1/recommendation.pb-c.h>

#include <limits.h>
#include <stdio.h>

/* A call may use as much memory as routing over 50,000 contacts takes. */
enum { MAX_MEMORY = 32 << 20 };

static enum err_code make_server(
    struct recommendation *self, const struct recommendation_config *config, struct err *err)
{
    enum err_code code = boot_make_auth(&config->service, &self->auth, err);
    if (code != ERR_OK)
        return code;
    const struct rpc_server_config server =
        boot_server_config(&config->service, self->db, self->auth, MAX_MEMORY);
    self->consumer = (struct queue_consumer){
        .service = self, .handlers = recommendation_events, .n_handlers = recommendation_n_events};
    const struct rpc_registration services[] = {
        {&recommendation_rpc, self},
        {&queue_rpc, &self->consumer},
        {&dead_letter_rpc, &self->events.relay},
    };
    return rpc_server_new(
        &self->server, &server, services, sizeof services / sizeof *services, err);
}

/* Texts still to be encoded from which on health speaks of it: some ten seconds of work. */
enum { MANY_WAITING = 1000 };

static void tell_waiting(void *arg, size_t n_waiting)
{
    struct recommendation *self = arg;
    char problem[160];
    (void)snprintf(problem, sizeof problem,
        "%zu texts of contacts are still to be encoded; until then words and WordNet find them",
        n_waiting);
    rpc_server_set_health(
        self->server, "encoder", false, n_waiting > MANY_WAITING ? problem : NULL);
}

/* Without WordNet, or without the encoder, we serve, not as well, and say so. */
static void open_wordnet(struct recommendation *self, const struct recommendation_config *config)
{
    struct err problem = {0};
    enum err_code code = wordnet_map_open(&self->wordnet, config->wordnet_dir, &problem);
    if (code != ERR_OK)
        log_warn("wordnet.missing", LOG_ERR(&problem));
    rpc_server_set_health(self->server, "wordnet", false, code == ERR_OK ? NULL : problem.msg);
}

/* Without a bank file nothing is worse but the start. */
static const struct bank *open_bank(struct recommendation *self, const char *model_path)
{
    struct err problem = {0};
    if (encoder_bank_file_open(model_path, self->encoder.encoder, &self->bank, &problem) == ERR_OK)
        return &self->bank.bank;
    log_warn("encoder.bank_missing", LOG_ERR(&problem));
    return NULL;
}

static void open_encoder(struct recommendation *self, const struct recommendation_config *config)
{
    char path[PATH_MAX] = "";
    struct err problem = {0};
    (void)snprintf(path, sizeof path, "%s", config->encoder_file);
    if (!path[0])
        encoder_file_default_path(path, sizeof path);
    enum err_code code = encoder_file_open(path, &self->encoder, &problem);
    if (code == ERR_OK) {
        const struct meanings_config meanings = {.db = self->db,
            .encoder = self->encoder.encoder,
            .bank = open_bank(self, path),
            .wordnet = self->wordnet.wordnet,
            .progress = tell_waiting,
            .progress_arg = self};
        code = meanings_new(&self->meanings, &meanings, &problem);
    }
    char what[sizeof problem.msg + 160];
    (void)snprintf(
        what, sizeof what, "%s. %s", problem.msg, err_reason_info(problem.reason)->remedy);
    if (code != ERR_OK)
        log_warn("encoder.missing", LOG_ERR(&problem));
    rpc_server_set_health(self->server, "encoder", false, code == ERR_OK ? NULL : what);
}

static enum err_code make_engine(
    struct recommendation *self, const struct recommendation_config *config, struct err *err)
{
    open_wordnet(self, config);
    open_encoder(self, config);
    self->router = (struct router){self->wordnet.wordnet, score_defaults};
    const struct engine_config engine = {.db = self->db,
        .clock = clock_system(),
        .wordnet = self->wordnet.wordnet,
        .meanings = self->meanings};
    return engine_new(&self->engine, &engine, err);
}

static enum err_code start_relay(
    struct recommendation *self, const struct recommendation_config *config, struct err *err)
{
    enum err_code code = boot_relay_add(
        &self->events, "notification", config->notification_endpoints, &config->service, err);
    if (code == ERR_OK)
        code = boot_relay_start(&self->events, &config->service, self->db, err);
    return code;
}

/* What may grow old, and how old. */
static enum err_code start_housekeeping(
    struct recommendation *self, const struct recommendation_config *config, struct err *err)
{
    self->old_rows[0] = (struct housekeeping_task){
        "previews", config->preview_days, &RECOMMENDATION_SQL_CLEAN_DECISIONS};
    self->old_rows[1] = (struct housekeeping_task){
        "vectors", config->vector_days, &RECOMMENDATION_SQL_CLEAN_MEANINGS};
    const struct housekeeping_config housekeeping = {
        .db = self->db,
        .clock = clock_system(),
        .tasks = self->old_rows,
        .n_tasks = sizeof self->old_rows / sizeof *self->old_rows,
        .dead_letter_days = config->service.dead_letter_days,
    };
    return housekeeping_start(&self->housekeeping, &housekeeping, err);
}

enum err_code recommendation_start(struct recommendation *self, struct arena *arena,
    const struct recommendation_config *config, struct err *err)
{
    enum err_code code = boot_open_database(
        arena, &config->service, "kith-recommendation", &recommendation_schema, &self->db, err);
    if (code == ERR_OK)
        code = make_server(self, config, err);
    if (code == ERR_OK)
        code = make_engine(self, config, err);
    if (code == ERR_OK)
        code = start_relay(self, config, err);
    if (code == ERR_OK)
        code = start_housekeeping(self, config, err);
    if (code == ERR_OK)
        code = rpc_server_listen(self->server, err);
    return code;
}

void recommendation_stop(struct recommendation *self)
{
    boot_drain_server(self->server);
    housekeeping_stop(self->housekeeping);
    meanings_stop(self->meanings); /* it tells the server how far it is */
    rpc_server_free(self->server);
    boot_relay_stop(&self->events);
    engine_free(self->engine);
    meanings_free(self->meanings);
    encoder_bank_file_close(&self->bank);
    encoder_file_close(&self->encoder);
    wordnet_map_close(&self->wordnet);
    auth_free(self->auth);
    db_close(self->db);
}

static const struct rpc_method methods[] = {
    {"RouteQuestion", rpc_route_question, DB_TX_NONE},
    {"Ask", rpc_ask, DB_TX_NONE},
    {"GetAsk", rpc_get_ask, DB_TX_NONE, .is_reader = true},
    {"ListAsks", rpc_list_asks, DB_TX_NONE, .is_reader = true},
    {"Answer", rpc_answer, DB_TX_NONE},
    {"Pass", rpc_pass, DB_TX_NONE},
    {"ExplainDecision", rpc_explain_decision, DB_TX_NONE, .is_reader = true},
};

const struct rpc_service recommendation_rpc = {
    &kith__v1__recommendation_service__descriptor, methods, sizeof methods / sizeof *methods};

const struct db_schema recommendation_schema = {"recommendation", recommendation_migrations};
