/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mend: what NNG's connections lack up to 1.12. Private to common/rpc; mend.c has the story.
 */
#pragma once

#include <stdbool.h>

/*
 * To be called by who opens a socket, so that the mended functions are linked into the program.
 * False if NNG does not use them: in a library that keeps its symbols to itself, such as libkith.
 */
bool mend_nng(void);
