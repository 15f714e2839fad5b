/* SPDX-License-Identifier: Apache-2.0 */
/* kith_fake_server: says where it listens, and serves until its standard input ends. */
#include "fake.h"

#include <stdio.h>

int main(void)
{
    static struct fake fake;
    fake_start(&fake);
    (void)printf("%s\n", fake.url);
    (void)fflush(stdout);
    while (getchar() != EOF)
        continue;
    fake_stop(&fake);
    return 0;
}
