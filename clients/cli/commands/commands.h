/* SPDX-License-Identifier: Apache-2.0 */
/* What the table of commands names. Each reads its options and operands from the CLI. */
#pragma once

#include "cli.h"

/* member.c, login.c */
command_fn run_member_add, run_member_update, run_whoami, run_login, run_logout, run_token_new,
    run_token_list, run_token_revoke;
/* import.c, export.c, contacts.c */
command_fn run_import_linkedin, run_imports, run_import_cancel, run_export, run_contacts,
    run_contact_show, run_fact_add, run_fact_remove, run_link;
/* invite.c */
command_fn run_invite, run_invitations, run_accept, run_decline;
/* ask.c, answer.c */
command_fn run_ask, run_asks, run_show, run_answer, run_pass;
/* inbox.c */
command_fn run_inbox;
/* status.c, call.c, describe.c, trace.c, bench.c, tap.c */
command_fn run_ping, run_status, run_explain, run_call, run_describe, run_list, run_trace,
    run_bench, run_tap;

/* top.c */
command_fn run_top;
/* dead_letters.c */
command_fn run_dead_letters, run_dead_letters_redrive;

/* Act as the operator: by --token-file, or the file KITH_OPERATOR_TOKEN_FILE names. */
enum status use_operator_token(struct cli *cli, const char *next, const char *only);

/* A kind of fact as people type it ("author-of") as a FactKind; NULL after saying what is wrong. */
const char *fact_kind(struct cli *cli, const char *typed);

/* What the inbox said of this ask or invitation is read: it was just looked at or answered. A
 * courtesy: where it fails nothing is said. */
void inbox_mark_subject(struct cli *cli, const char *subject_id);

/* "interest:choir" as a Fact; NULL after saying what is wrong. */
json_t *fact_of(struct cli *cli, const char *typed);

/* Facts given by a repeated option; NULL after saying what is wrong. */
json_t *facts_given(struct cli *cli, const char *option);
