/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load of the soak test: people who use Kith through libkith, each on a thread of its own,
 * until they are told to stop. What was acknowledged they note in ledgers, one id a line. A failure
 * that no repetition cures ends the program with a message.
 */
#pragma once

#include "ledger.h"

#include <kith.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LOAD_TOKEN_SIZE = 300, LOAD_ID_SIZE = 37, LOAD_CURSOR_SIZE = 402 };

/* What the threads share. */
struct load {
    char asker[LOAD_TOKEN_SIZE], coach[LOAD_TOKEN_SIZE]; /* tokens */
    char contact[LOAD_ID_SIZE];                          /* the coach in the asker's book */
    char cursor[LOAD_CURSOR_SIZE]; /* of the coach's inbox, at the beginning */
    struct ledger *imports, *asks, *answers, *told;
    atomic_bool is_over;        /* finish what was begun, and leave */
    atomic_bool is_all_settled; /* those who did something have left */
    atomic_uint n_asked;
};

#define load_check(ok, ...) ((ok) ? (void)0 : load_die(__VA_ARGS__))
__attribute__((format(printf, 1, 2))) _Noreturn void load_die(const char *fmt, ...);

/* A chance of one in n; each thread has its own sequence. */
bool load_chance(uint32_t n);
void load_pause(int ms);

/* A version 4 UUID. */
void load_new_id(char out[LOAD_ID_SIZE]);

struct kith_client *load_connect(const char *token);

/* May another try cure this? Frees the error; one that none can cure ends the program. */
void load_forgive(const char *what, enum kith_code code, struct kith_error *error);

/* What the people do; `arg` is the struct load. */
typedef void *person_fn(void *arg);
person_fn person_reads, person_routes, person_asks, person_watches, person_exports, person_imports,
    person_comes_and_goes;
