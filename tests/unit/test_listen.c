#include "sheriffd/listen.h"

#include <criterion/criterion.h>
#include <string.h>

struct story { const char *text; enum pm_err err; const char *command, *stream; };

Test(listen, stays_on_this_machine)
{
    static const struct story stories[] = {
        { "tcp://127.0.0.1:7117", PM_OK, "tcp://127.0.0.1:7117", "tcp://127.0.0.1:7118" },
        { "tcp://127.8.0.1:1", PM_OK, "tcp://127.8.0.1:1", "tcp://127.8.0.1:2" },
        { "tcp://localhost:7117", PM_OK, "tcp://localhost:7117", "tcp://localhost:7118" },
        { "tcp://[::1]:7117", PM_OK, "tcp://[::1]:7117", "tcp://[::1]:7118" },
        { "tcp://0.0.0.0:7117", PM_FORBIDDEN, NULL, NULL },
        { "tcp://*:7117", PM_FORBIDDEN, NULL, NULL },
        { "tcp://10.0.0.1:7117", PM_FORBIDDEN, NULL, NULL },
        { "tcp://127.evil.org:7117", PM_FORBIDDEN, NULL, NULL },
        { "tcp://localhost.evil.org:7117", PM_FORBIDDEN, NULL, NULL },
        { "tcp://eth0:7117", PM_FORBIDDEN, NULL, NULL },
        { "tcp://127.0.0.1", PM_USAGE, NULL, NULL },
        { "tcp://127.0.0.1:", PM_USAGE, NULL, NULL },
        { "tcp://127.0.0.1:65535", PM_USAGE, NULL, NULL },
        { "tcp://127.0.0.1:71x", PM_USAGE, NULL, NULL },
        { "tcp://127.0.0.1:-1", PM_USAGE, NULL, NULL },
        { "tcp://:7117", PM_USAGE, NULL, NULL },
        { "127.0.0.1:7117", PM_USAGE, NULL, NULL },
        { "ipc://x", PM_USAGE, NULL, NULL },
        { "", PM_USAGE, NULL, NULL },
    };

    for (size_t i = 0; i < PM_COUNT(stories); i++) {
        struct listen listen = { 0 };
        char *why = NULL;

        cr_assert_eq(listen_parse(stories[i].text, &listen, &why), stories[i].err, "%s",
                     stories[i].text);
        if (stories[i].err == PM_OK) {
            cr_assert_str_eq(listen.command, stories[i].command);
            cr_assert_str_eq(listen.stream, stories[i].stream);
            listen_fini(&listen);
        } else {
            cr_assert_not_null(why);
            pm_free(&why);
        }
    }
}
