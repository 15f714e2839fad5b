/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "boot/boot.h"
#include "events.h"
#include "idempotency/idempotency.h"
#include "log/log.h"
#include "recommendation_migrations.h"

#include <kith/v1/recommendation.pb-c.h>

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* A call may use as much memory as routing over 50,000 contacts takes. */
enum { DB_WAIT_MS = 30000, DRAIN_MS = 10000, MAX_MESSAGE = 1 << 20, MAX_MEMORY = 32 << 20 };

static enum err_code open_database(struct recommendation *self, struct arena *arena,
    const struct recommendation_config *config, struct err *err)
{
    struct db_config db;
    enum err_code code = boot_db_config(arena, &config->service, "kith-recommendation", &db, err);
    if (code == ERR_OK)
        code = db_open(&self->db, &db, DB_WAIT_MS, err);
    if (code == ERR_OK)
        code = db_schema_check(self->db, &recommendation_schema, err);
    return code;
}

static enum err_code make_server(
    struct recommendation *self, const struct recommendation_config *config, struct err *err)
{
    const struct auth_config auth = {
        .service_token = config->service.service_token, .clock = clock_system()};
    enum err_code code = auth_new(&self->auth, &auth, err);
    if (code != ERR_OK)
        return code;
    const struct rpc_server_config server = {
        .listen = config->service.listen,
        .tls = boot_tls(&config->service),
        .is_open_to_strangers = boot_is_open_to_strangers(&config->service),
        .may_be_plain = config->service.allow_plain_tcp,
        .workers = config->service.workers,
        .queue_limit = config->service.queue_limit,
        .max_message = MAX_MESSAGE,
        .max_memory = MAX_MEMORY,
        .db = self->db,
        .clock = clock_system(),
        .authenticate = auth_authenticate,
        .authenticator = self->auth,
        .idempotency = &idempotency_store,
        .limits = boot_limits(&config->service),
    };
    self->consumer = (struct queue_consumer){
        .service = self, .handlers = recommendation_events, .n_handlers = recommendation_n_events};
    const struct rpc_registration services[] = {
        {&recommendation_rpc, self},
        {&queue_rpc, &self->consumer},
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
    const struct rpc_client_config notification = {.endpoints = config->notification_endpoints,
        .token = config->service.service_token,
        .tls = boot_tls(&config->service)};
    enum err_code code = rpc_client_new(&self->notification, &notification, err);
    if (code != ERR_OK)
        return code;
    char host[64] = "";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(self->owner, sizeof self->owner, "%s %s", host, config->service.listen);
    self->subscriber = (struct queue_subscriber){"notification", self->notification};
    const struct queue_relay_config relay = {
        .db = self->db,
        .clock = clock_system(),
        .owner = self->owner,
        .subscribers = &self->subscriber,
        .n_subscribers = 1,
    };
    return queue_relay_start(&self->relay, &relay, err);
}

enum err_code recommendation_start(struct recommendation *self, struct arena *arena,
    const struct recommendation_config *config, struct err *err)
{
    enum err_code code = open_database(self, arena, config, err);
    if (code == ERR_OK)
        code = make_server(self, config, err);
    if (code == ERR_OK)
        code = make_engine(self, config, err);
    if (code == ERR_OK)
        code = start_relay(self, config, err);
    if (code == ERR_OK)
        code = rpc_server_listen(self->server, err);
    return code;
}

void recommendation_stop(struct recommendation *self)
{
    if (self->server && !rpc_server_drain(self->server, DRAIN_MS))
        log_warn("service.drain_timeout", LOG_INT("limit_ms", DRAIN_MS));
    meanings_stop(self->meanings); /* it tells the server how far it is */
    rpc_server_free(self->server);
    queue_relay_stop(self->relay);
    rpc_client_free(self->notification);
    engine_free(self->engine);
    meanings_free(self->meanings);
    encoder_file_close(&self->encoder);
    wordnet_map_close(&self->wordnet);
    auth_free(self->auth);
    db_close(self->db);
}

static const struct rpc_method methods[] = {
    {"RouteQuestion", rpc_route_question, DB_TX_NONE},
    {"Ask", rpc_ask, DB_TX_NONE},
    {"GetAsk", rpc_get_ask, DB_TX_NONE},
    {"ListAsks", rpc_list_asks, DB_TX_NONE},
    {"Answer", rpc_answer, DB_TX_NONE},
    {"Pass", rpc_pass, DB_TX_NONE},
    {"ExplainDecision", rpc_explain_decision, DB_TX_NONE},
};

const struct rpc_service recommendation_rpc = {
    &kith__v1__recommendation_service__descriptor, methods, sizeof methods / sizeof *methods};

const struct db_schema recommendation_schema = {"recommendation", recommendation_migrations};
