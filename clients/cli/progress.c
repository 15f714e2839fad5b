/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 30 };

void progress_show(const struct cli *cli, uint64_t done, uint64_t total, const char *what)
{
    if (cli->is_quiet || cli->is_json || isatty(STDERR_FILENO) == 0)
        return;
    if (total == 0) {
        (void)fprintf(stderr, "\r%" PRIu64 " %s ", done, what);
        return;
    }
    int full = (int)(done >= total ? BAR : done * BAR / total);
    char bar[BAR + 1];
    memset(bar, ' ', BAR);
    memset(bar, '#', (size_t)full);
    bar[BAR] = '\0';
    (void)fprintf(stderr, "\r[%s] %3d %%", bar, full * 100 / BAR);
    if (done >= total)
        (void)fprintf(stderr, "\r%*s\r", BAR + 10, "");
}

void progress_bytes(void *cli, uint64_t done, uint64_t total)
{
    progress_show(cli, total == 0 ? done / 1024 : done, total, "KB sent");
}
