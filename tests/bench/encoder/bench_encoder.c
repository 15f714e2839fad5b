/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_encoder FILE: processor time for one text, texts per second of it in a row, and what the
 * model costs in memory. FILE has a text per line. Prints "name value" lines.
 */
#include "domain/encoder/vector.h"
#include "encoder_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_TEXTS = 1000, MAX_LINE_BYTES = 4096, ROUNDS = 5 };

struct texts {
    char *line[MAX_TEXTS];
    size_t count;
};

/* Time this process had a core to itself: what others do on a busy machine does not count. */
static double now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int load(const char *path, struct texts *texts)
{
    FILE *file = fopen(path, "r");
    char line[MAX_LINE_BYTES];

    if (file == NULL) {
        perror(path);
        return 1;
    }
    while (texts->count < MAX_TEXTS && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        texts->line[texts->count++] = strdup(line);
    }
    (void)fclose(file);
    return texts->count == 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static size_t encode(
    const struct encoder_file *file, struct encoder_scratch *scratch, const char *text)
{
    float vector[ENCODER_DIM];

    return encoder_encode(file->encoder, scratch, text, strlen(text), vector);
}

static void measure(
    const struct encoder_file *file, struct encoder_scratch *scratch, const struct texts *texts)
{
    static double took[MAX_TEXTS];
    double best = 0;
    size_t pieces = 0;

    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ms();
        double rate;

        pieces = 0;
        for (size_t i = 0; i < texts->count; i++) {
            double start = now_ms();

            pieces += encode(file, scratch, texts->line[i]);
            took[i] = now_ms() - start;
        }
        rate = (double)texts->count / (now_ms() - begin) * 1e3;
        best = rate > best ? rate : best;
    }
    qsort(took, texts->count, sizeof *took, by_value);
    (void)printf("pieces_per_text %.1f\n", (double)pieces / (double)texts->count);
    (void)printf("alone_ms %.3f\n", took[texts->count / 2]);
    (void)printf("texts_per_s %.0f\n", best);
}

/* A question against a large network's evidence. */
static void measure_scan(const struct encoder_file *file, struct encoder_scratch *scratch)
{
    enum { COUNT = 50000 };
    struct encoder_vector *vectors = calloc(COUNT, sizeof *vectors);
    float *cosines = calloc(COUNT, sizeof *cosines);
    float vector[ENCODER_DIM];
    double best = 1e9;

    if (vectors == NULL || cosines == NULL)
        exit(1);
    (void)encoder_encode(file->encoder, scratch, "head swim coach", 15, vector);
    for (size_t i = 0; i < COUNT; i++)
        encoder_vector_pack(vector, &vectors[i]);
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ms();
        double took;

        encoder_vector_scan(&vectors[0], vectors, COUNT, cosines);
        took = now_ms() - begin;
        best = took < best ? took : best;
    }
    (void)printf("scan_50000_ms %.2f\n", best);
    free(vectors);
    free(cosines);
}

/* Of this process, in kB. */
static long resident_kb(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long kb = 0;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    }
    if (file != NULL)
        (void)fclose(file);
    return kb;
}

int main(int argc, char **argv)
{
    static struct texts texts;
    struct encoder_file file;
    struct encoder_scratch *scratch;
    char path[4096];
    struct err err;
    long before = resident_kb();

    if (argc != 2) {
        (void)fprintf(stderr, "usage: bench_encoder FILE\n");
        return 2;
    }
    encoder_file_default_path(path, sizeof path);
    if (load(argv[1], &texts) != 0)
        return 1;
    if (encoder_file_open(path, &file, &err) != ERR_OK) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    scratch = encoder_scratch_new(file.encoder);
    if (scratch == NULL)
        return 1;
    measure(&file, scratch, &texts);
    (void)printf("memory_kb %ld\n", resident_kb() - before);
    measure_scan(&file, scratch);
    encoder_scratch_free(scratch);
    encoder_file_close(&file);
    return 0;
}
