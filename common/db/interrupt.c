/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum err_code db_interrupt_init(struct db_interrupt *i, struct err *err)
{
    atomic_init(&i->is_set, false);
    i->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (i->fd >= 0)
        return ERR_OK;
    enum err_code code = err_raise(err, REASON_INTERNAL_ERROR, "no file descriptor is left");
    err_detail(err, "eventfd: %s", strerrordesc_np(errno));
    return code;
}

void db_interrupt_fini(struct db_interrupt *i)
{
    if (i->fd >= 0)
        (void)close(i->fd);
    i->fd = -1;
}

void db_interrupt_set(struct db_interrupt *i)
{
    if (!atomic_exchange(&i->is_set, true))
        (void)eventfd_write(i->fd, 1);
}

void db_interrupt_clear(struct db_interrupt *i)
{
    eventfd_t ignored;
    if (atomic_exchange(&i->is_set, false))
        (void)eventfd_read(i->fd, &ignored);
}

bool db_interrupt_is_set(const struct db_interrupt *i)
{
    return i && atomic_load_explicit(&i->is_set, memory_order_relaxed);
}
