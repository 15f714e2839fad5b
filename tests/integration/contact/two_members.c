/* SPDX-License-Identifier: Apache-2.0 */
#include "two_members.h"

struct person ana, bo;

int meet(void **state)
{
    (void)world_forget(state);
    ana = world_person("Ana Costa");
    bo = world_person("Bo Lind");
    return 0;
}

int part(void **state)
{
    (void)state;
    world_person_fini(&ana);
    world_person_fini(&bo);
    return 0;
}
