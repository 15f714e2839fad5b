/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consumer_process URL KILL_AFTER KILL_IN: serves until its parent's end of standard input closes,
 * or until it kills itself after the KILL_AFTER-th commit or in the KILL_IN-th effect.
 */
#include "rig.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    struct rig rig;
    if (argc != 4)
        return 2;
    rig_open_consumer(&rig, argv[1]);
    rig.script.kill_after = (int)strtol(argv[2], NULL, 10);
    rig.script.kill_in = (int)strtol(argv[3], NULL, 10);
    rig_start_consumer(&rig);
    char ignored;
    (void)!read(STDIN_FILENO, &ignored, 1);
    rig_stop_consumer(&rig);
    db_close(rig.consumer);
    return 0;
}
