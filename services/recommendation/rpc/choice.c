/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/choice.h"

/* What the expertise of somebody who can be reached has to be of that of the one who fits best.
 * Set by hand. */
static const double NEARLY_AS_WELL = 0.7;

static bool is_reachable(const struct rpc_ctx *ctx, const struct store_person *person)
{
    return !id_is_zero(&person->member) && !id_equal(&person->member, &ctx->principal.member);
}

/* Says the same of members she is not connected with and of others: who is a member is private. */
static enum err_code not_reachable(
    const struct store_person *person, const char *who, struct err *err)
{
    char contact[ID_TEXT_SIZE];
    id_format(&person->contact, contact);
    return err_raise(err, REASON_CONTACT_NOT_REACHABLE,
        "%s can not be reached from here yet; invite her: kith invite %s", who, contact);
}

enum err_code choice_named(struct rpc_ctx *ctx, const struct routing *r, const struct id *contact,
    struct choice *out, struct err *err)
{
    char text[ID_TEXT_SIZE];
    id_format(contact, text);
    if (!r->named)
        return err_raise(
            err, REASON_CONTACT_NOT_FOUND, "contact %s is not in your address book", text);
    if (!is_reachable(ctx, r->named))
        return not_reachable(r->named, "this contact", err);
    bool has_evidence = r->result.named && r->result.named->n_evidence > 0;
    *out = (struct choice){.person = r->named,
        .candidate = SIZE_MAX,
        .reason = has_evidence ? r->result.named->reason : "you were named by the asker"};
    return ERR_OK;
}

static enum err_code nobody(const struct routing *r, struct err *err)
{
    if (r->result.considered == 0)
        return err_raise(err, REASON_NO_CONTACTS, "you have no contacts yet who could be asked");
    if (r->result.language)
        return err_raise(err, REASON_NOBODY_FITS,
            "the question reads as %s; meaning is understood in English only, and its words are in "
            "nothing known of your %u contacts: ask in English, or name somebody",
            r->result.language, r->result.considered);
    return err_raise(err, REASON_NOBODY_FITS,
        "none of your %u contacts shows evidence of knowing this; name somebody, or add facts",
        r->result.considered);
}

enum err_code choice_best(
    struct rpc_ctx *ctx, const struct routing *r, struct choice *out, struct err *err)
{
    const struct store_person *best = NULL;
    double enough = 0;
    for (size_t i = 0; i < r->result.n_fit; i++) {
        const struct route_candidate *c = &r->result.candidates[i];
        if (!r->people[i])
            continue;
        if (is_reachable(ctx, r->people[i]) && c->score.expertise >= enough) {
            *out = (struct choice){r->people[i], i, c->reason};
            return ERR_OK;
        }
        if (!best) {
            best = r->people[i];
            enough = NEARLY_AS_WELL * c->score.expertise;
        }
    }
    return best ? not_reachable(best, "the contact who fits best", err) : nobody(r, err);
}
