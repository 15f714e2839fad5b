/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"
#include "proc/proc.h"
#include "unit_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static void term_and_interrupt_are_asked_to_stop(void **state)
{
    (void)state;
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(proc_wait(-1), PROC_STOP);
    assert_int_equal(kill(getpid(), SIGINT), 0);
    assert_int_equal(proc_wait(-1), PROC_STOP);
}

static void hangup_is_asked_to_reload(void **state)
{
    (void)state;
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_int_equal(proc_wait(-1), PROC_RELOAD);
}

static void waiting_ends_when_time_is_up(void **state)
{
    (void)state;
    assert_int_equal(proc_wait(0), PROC_TIMEOUT);
    assert_int_equal(proc_wait(5), PROC_TIMEOUT);
}

static void ignore(int signal_number)
{
    (void)signal_number;
}

static void a_signal_of_another_kind_does_not_end_the_wait(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = ignore};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    struct itimerval soon = {.it_value = {.tv_usec = 2000}};
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    int64_t started_us = clock_mono_us(clock_system());
    assert_int_equal(proc_wait(20), PROC_TIMEOUT);
    assert_true(clock_mono_us(clock_system()) - started_us >= 20000);
    struct itimerval left;
    assert_int_equal(getitimer(ITIMER_REAL, &left), 0);
    assert_int_equal(left.it_value.tv_usec, 0);
}

static void a_broken_pipe_does_not_kill(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(close(fds[0]), 0);
    assert_int_equal(write(fds[1], "x", 1), -1);
    assert_int_equal(close(fds[1]), 0);
}

static int listen_at(const struct sockaddr_un *address, size_t name_len)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name_len);
    assert_int_equal(bind(fd, (const struct sockaddr *)address, len), 0);
    return fd;
}

static void assert_notified(int fd, const char *name)
{
    char text[32] = "";
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    proc_notify("READY=1");
    assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), 7);
    assert_string_equal(text, "READY=1");
    assert_int_equal(close(fd), 0);
}

static void readiness_reaches_a_socket_in_the_file_system(void **state)
{
    (void)state;
    char folder[] = "/tmp/proc-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", folder);
    assert_notified(listen_at(&address, strlen(address.sun_path) + 1), address.sun_path);
    assert_int_equal(unlink(address.sun_path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void readiness_reaches_an_abstract_socket(void **state)
{
    (void)state;
    char name[64];
    (void)snprintf(name, sizeof(name), "@kith-test-%d", (int)getpid());
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    assert_notified(listen_at(&address, strlen(name)), name);
}

static void nobody_listening_is_fine(void **state)
{
    (void)state;
    static const char *const names[] = {"/nonexistent/socket", "@kith-nobody", "", "@", "relative"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        proc_notify("READY=1");
    }
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    proc_notify("READY=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(term_and_interrupt_are_asked_to_stop),
        cmocka_unit_test(hangup_is_asked_to_reload),
        cmocka_unit_test(waiting_ends_when_time_is_up),
        cmocka_unit_test(a_signal_of_another_kind_does_not_end_the_wait),
        cmocka_unit_test(a_broken_pipe_does_not_kill),
        cmocka_unit_test(readiness_reaches_a_socket_in_the_file_system),
        cmocka_unit_test(readiness_reaches_an_abstract_socket),
        cmocka_unit_test(nobody_listening_is_fine),
    };
    proc_block_signals();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
