/* SPDX-License-Identifier: Apache-2.0 */
#include "db/pool.h"
#include "db_sql.h"
#include "log/log.h"

#include <sodium.h>
#include <string.h>

/*
 * Order: roles first, one by one, because they belong to the whole cluster and another database's
 * migrator may be creating them as well; then schema and privileges; then one transaction per
 * migration. Each of those takes the lock and looks again at what is applied, so several migrators
 * share the work without harm.
 */

enum { CHECKSUM_SIZE = crypto_hash_sha256_BYTES };

static const int64_t MIGRATION_TIMEOUT_US = INT64_C(3600000000);
static const int64_t WAIT_MS = 60000;

struct job {
    const struct db_schema *schema;
    const char *role_password;
    const struct db_migration *applied; /* by the last transaction; NULL: there was none left */
};

static void checksum_of(const struct db_migration *m, unsigned char out[CHECKSUM_SIZE])
{
    (void)crypto_hash_sha256(out, (const unsigned char *)m->text, strlen(m->text));
}

/* ---- what is applied ------------------------------------------------------------------------- */

static bool is_row_of(const struct db_result *applied, size_t row, const struct db_migration *m)
{
    unsigned char checksum[CHECKSUM_SIZE];
    checksum_of(m, checksum);
    struct db_bytes recorded = db_get_bytes(applied, row, 2);
    return db_get_int(applied, row, 0) == m->number && recorded.len == CHECKSUM_SIZE &&
           memcmp(recorded.data, checksum, CHECKSUM_SIZE) == 0;
}

/* The applied ones must be the first of ours; *next is the first that is not applied. */
static enum err_code compare(const struct db_schema *schema, const struct db_result *applied,
    const struct db_migration **next, struct err *err)
{
    const struct db_migration *m = schema->migrations;
    for (size_t row = 0; row < db_rows(applied); row++, m++) {
        if (!m->name)
            return err_raise(err, REASON_MIGRATION_MISMATCH,
                "schema %s has migration %s, which this program does not know: it is too old",
                schema->name, db_get_text(applied, row, 1));
        if (!is_row_of(applied, row, m))
            return err_raise(err, REASON_MIGRATION_MISMATCH,
                "schema %s was given migration %s, which differs from %s of this program: an "
                "applied migration was edited, or belongs to another program",
                schema->name, db_get_text(applied, row, 1), m->name);
    }
    *next = m;
    return ERR_OK;
}

static enum err_code find_next(struct db_session *s, const struct db_schema *schema,
    const struct db_migration **next, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *entered = NULL;
    enum err_code code = db_sql_enter_schema(s, &entered, err, db_text(schema->name));
    if (code != ERR_OK)
        return code;
    CLEANUP(db_result_clear) struct db_result *applied = NULL;
    code = db_sql_applied_migrations(s, &applied, err);
    if (code != ERR_OK)
        return code;
    return compare(schema, applied, next, err);
}

static enum err_code check_schema(struct db_session *s, void *arg, struct err *err)
{
    const struct db_schema *schema = arg;
    CLEANUP(db_result_clear) struct db_result *has = NULL;
    enum err_code code = db_sql_has_migrations(s, &has, err, db_text(schema->name));
    if (code != ERR_OK)
        return code;
    const struct db_migration *next = schema->migrations;
    if (db_get_bool(has, 0, 0))
        code = find_next(s, schema, &next, err);
    if (code == ERR_OK && next->name)
        return err_raise(err, REASON_MIGRATION_MISMATCH,
            "schema %s lacks migration %s; run the service's `migrate` command", schema->name,
            next->name);
    return code;
}

enum err_code db_schema_check(struct db *db, const struct db_schema *schema, struct err *err)
{
    struct db_session session = db_session(db, 0);
    return db_in_tx(&session, DB_TX_READ, check_schema, (void *)(uintptr_t)schema, err);
}

/* ---- roles ----------------------------------------------------------------------------------- */

static enum err_code exec_in_tx(struct db_session *s, void *arg, struct err *err)
{
    return session_exec(s, "create role", arg, err);
}

/* Two databases of a cluster may be migrated at once: who comes second finds the role there. */
static enum err_code create_roles(struct db *db, const struct db_schema *schema, struct err *err)
{
    struct db_session session = db_session(db, 0);
    for (int attempt = 0;; attempt++) {
        CLEANUP(db_result_clear) struct db_result *missing = NULL;
        enum err_code code = db_sql_missing_roles(&session, &missing, err, db_text(schema->name));
        if (code != ERR_OK || db_rows(missing) == 0)
            return code;
        for (size_t i = 0; i < db_rows(missing); i++) {
            char command[256];
            (void)strncpy(command, db_get_text(missing, i, 0), sizeof(command) - 1);
            command[sizeof(command) - 1] = '\0';
            code = db_in_tx(&session, DB_TX_WRITE, exec_in_tx, command, err);
        }
        if (code != ERR_OK && attempt > 0)
            return code;
    }
}

/* The verifier is made here, so that the password never stands in the server's log. */
static enum err_code set_password(struct db_session *s, const struct job *job, struct err *err)
{
    if (!job->role_password)
        return ERR_OK;
    const char *role = job->schema->name;
    char *verifier =
        PQencryptPasswordConn(s->tx->conn->pg, job->role_password, role, "scram-sha-256");
    if (!verifier)
        return err_raise(err, REASON_INTERNAL_ERROR, "the role's password could not be encrypted");
    CLEANUP(db_result_clear) struct db_result *command = NULL;
    enum err_code code =
        db_sql_set_role_password(s, &command, err, db_text(role), db_text(verifier));
    PQfreemem(verifier);
    if (code != ERR_OK)
        return code;
    return session_exec(s, "set password", db_get_text(command, 0, 0), err);
}

/* ---- schema ---------------------------------------------------------------------------------- */

static enum err_code lock(struct db_session *s, const struct job *job, struct err *err)
{
    CLEANUP(db_result_clear) struct db_result *locked = NULL;
    return db_sql_lock_migrations(s, &locked, err, db_text(job->schema->name));
}

static enum err_code set_up_schema(struct db_session *s, void *arg, struct err *err)
{
    const struct job *job = arg;
    enum err_code code = lock(s, job, err);
    if (code != ERR_OK)
        return code;
    code = set_password(s, job, err);
    if (code != ERR_OK)
        return code;
    CLEANUP(db_result_clear) struct db_result *commands = NULL;
    code = db_sql_schema_setup(s, &commands, err, db_text(job->schema->name));
    for (size_t i = 0; code == ERR_OK && i < db_rows(commands); i++)
        code = session_exec(s, "schema set-up", db_get_text(commands, i, 0), err);
    return code;
}

static enum err_code apply_next(struct db_session *s, void *arg, struct err *err)
{
    struct job *job = arg;
    job->applied = NULL;
    enum err_code code = lock(s, job, err);
    if (code != ERR_OK)
        return code;
    const struct db_migration *next;
    code = find_next(s, job->schema, &next, err);
    if (code != ERR_OK || !next->name)
        return code;
    code = session_exec(s, next->name, next->text, err);
    if (code != ERR_OK)
        return code;
    unsigned char checksum[CHECKSUM_SIZE];
    checksum_of(next, checksum);
    CLEANUP(db_result_clear) struct db_result *recorded = NULL;
    code = db_sql_record_migration(s, &recorded, err, db_int(next->number), db_text(next->name),
        db_bytes(checksum, sizeof(checksum)));
    if (code == ERR_OK)
        job->applied = next;
    return code;
}

static enum err_code migrate(struct db *db, struct job *job, struct err *err)
{
    enum err_code code = create_roles(db, job->schema, err);
    if (code != ERR_OK)
        return code;
    struct db_session session = db_session(db, conn_now_us() + MIGRATION_TIMEOUT_US);
    code = db_in_tx(&session, DB_TX_WRITE, set_up_schema, job, err);
    while (code == ERR_OK) {
        code = db_in_tx(&session, DB_TX_WRITE, apply_next, job, err);
        if (code == ERR_OK && !job->applied)
            break;
        if (code == ERR_OK)
            log_info("db.migrated", LOG_STR("schema", job->schema->name),
                LOG_STR("migration", job->applied->name));
    }
    return code;
}

enum err_code db_migrate(const struct db_config *migrator, const struct db_schema *schema,
    const char *role_password, struct err *err)
{
    struct db_config config = *migrator;
    config.pool_size = 1;
    struct db *db;
    enum err_code code = db_open(&db, &config, WAIT_MS, err);
    if (code != ERR_OK)
        return code;
    struct job job = {.schema = schema, .role_password = role_password};
    code = migrate(db, &job, err);
    db_close(db);
    return code;
}
