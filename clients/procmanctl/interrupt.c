/* Nothing is left to clean up when a user interrupts: orders are the sheriff's by then. So the
 * handler says so and ends the program itself; no wait has to be woken and no flag looked at. */
#include "interrupt.h"

#include <procman/error.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char *volatile sentence;
static volatile size_t sentence_length;

static void on_interrupt(int signal)
{
    const char *text = sentence;

    (void)signal;
    if (text && write(STDERR_FILENO, text, sentence_length) < 0)
        _exit(pm_err_exit(PM_IO));
    _exit(pm_err_exit(PM_INTERRUPTED));
}

void interrupt_says(const char *text)
{
    struct sigaction action = { .sa_handler = on_interrupt };

    sentence_length = text ? strlen(text) : 0;
    sentence = text;
    sigaction(SIGINT, &action, NULL);
}
