/* Where a deputy finds its sheriff. */
#include "brain/sheriff_io.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

Test(sheriff_io, endpoints_are_the_run_directorys_or_two_ports)
{
    static const struct { const char *given, *orders, *streams; } rows[] = {
        { NULL, "ipc:///r/deputy.sock", "ipc:///r/feed.sock" },
        { "tcp://k9.lan:7117", "tcp://k9.lan:7117", "tcp://k9.lan:7118" },
        { "tcp://[::1]:9", "tcp://[::1]:9", "tcp://[::1]:10" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        PM_CLEANUP(pm_free) char *orders = NULL, *streams = NULL, *why = NULL;
        cr_assert_eq(sheriff_endpoints(rows[i].given, "/r", &orders, &streams, &why), PM_OK);
        cr_assert_str_eq(orders, rows[i].orders);
        cr_assert_str_eq(streams, rows[i].streams);
    }
}

Test(sheriff_io, other_endpoints_are_refused_with_the_form_they_should_have)
{
    static const char *const rows[] = { "", "k9.lan:7117", "tcp://k9.lan", "tcp://k9.lan:",
                                        "tcp://k9.lan:0", "tcp://k9.lan:70000", "tcp://:7117",
                                        "tcp://k9.lan:71x", "ipc:///x", "tcp://" };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        PM_CLEANUP(pm_free) char *orders = NULL, *streams = NULL, *why = NULL;
        cr_assert_eq(sheriff_endpoints(rows[i], "/r", &orders, &streams, &why), PM_USAGE, "%s",
                     rows[i]);
        cr_assert(strstr(why, "tcp://HOST:PORT") != NULL, "%s", why);
    }
}

Test(sheriff_io, a_run_directory_too_long_for_a_socket_is_a_limit)
{
    char dir[200];
    PM_CLEANUP(pm_free) char *orders = NULL, *streams = NULL, *why = NULL;

    memset(dir, 'x', sizeof dir - 1);
    dir[sizeof dir - 1] = '\0';
    cr_assert_eq(sheriff_endpoints(NULL, dir, &orders, &streams, &why), PM_LIMIT);
}
