/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worked exchange of proto/README.md against a real server: what the client says there is sent,
 * and what the service says must come back, byte for byte.
 */
#include "loop.h"
#include "raw.h"
#include "unit_test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_SIZE = 1024 };

/* The hex digits of a block up to its closing fence; comments begin with '#'. */
static size_t read_block(FILE *file, uint8_t *out)
{
    char line[512];
    size_t n = 0;
    while (fgets(line, sizeof(line), file) && strncmp(line, "```", 3) != 0) {
        line[strcspn(line, "#")] = '\0';
        for (const char *c = line; isxdigit((unsigned char)c[0]); c += 2) {
            assert_true(n < BLOCK_SIZE);
            const char digits[] = {c[0], c[1], '\0'};
            out[n++] = (uint8_t)strtoul(digits, NULL, 16);
            c += c[2] == ' ';
        }
    }
    return n;
}

static void the_worked_exchange_happens_as_written(void **state)
{
    (void)state;
    static struct loop loop;
    char line[512];
    uint8_t said[BLOCK_SIZE], heard[BLOCK_SIZE];
    size_t n_said = 0, n_heard = 0;
    loop_start(&loop, &(struct loop_config){0});
    atomic_store(&loop.unread, 2);
    atomic_store(&loop.last, 2);
    int fd = raw_connect(loop.url);
    FILE *file = fopen(WIRE_SPEC, "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (strcmp(line, "```hex client\n") == 0) {
            assert_true(raw_write(fd, said, read_block(file, said)));
            n_said++;
        } else if (strcmp(line, "```hex service\n") == 0) {
            size_t len = read_block(file, said);
            assert_true(raw_read(fd, heard, len));
            assert_memory_equal(heard, said, len);
            n_heard++;
        }
    }
    assert_true(n_said >= 3);
    assert_int_equal(n_said, n_heard);
    (void)fclose(file);
    (void)close(fd);
    loop_stop(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_exchange_happens_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
