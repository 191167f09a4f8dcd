/* The keeper's messages, with the descriptors beside them.
 *
 * A slot that lost its note still has its process, and the process has our words in its
 * environment: from those a note is made that says what is certain, and nothing else.
 */
#include "brain/shell.h"

#include <procman/log.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENVIRON_MOST ((size_t)1 << 20)

/* All of /proc/PID/environ as it was at exec, with a NUL behind it; heap. NULL: unreadable. */
static char *read_environ(int64_t pid, size_t *out_n)
{
    char path[64], *text;
    ssize_t part;
    int fd;

    snprintf(path, sizeof path, "/proc/%lld/environ", (long long)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    text = pm_alloc(ENVIRON_MOST + 1);
    *out_n = 0;
    while (*out_n < ENVIRON_MOST
           && (part = read(fd, text + *out_n, ENVIRON_MOST - *out_n)) > 0)
        *out_n += (size_t)part;
    close(fd);
    return text;
}

static const char *find_variable(const char *text, size_t n, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = text; at < text + n; at += strlen(at) + 1)
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return at + length + 1;
    return NULL;
}

static void note_from_environ(int64_t pid, struct pm_buf *out)
{
    size_t n = 0;
    PM_CLEANUP(pm_free) char *text = read_environ(pid, &n);
    struct pm_slot_note note = { 0 };

    if (text == NULL)
        return;
    note.group = find_variable(text, n, BRAIN_ENV_GROUP);
    note.name = find_variable(text, n, BRAIN_ENV_NAME);
    if (note.name != NULL && pm_encode(&pm_slot_note_desc, &note, out) == PM_OK)
        pm_log_warning("process %lld had lost its record; it is %s%s%s", (long long)pid,
                       note.group ? note.group : "", note.group && *note.group ? "/" : "",
                       note.name);
}

static void tell_held(struct shell *shell, const struct pm_held *held)
{
    PM_CLEANUP(pm_buf_fini) struct pm_buf note = { 0 };
    struct pm_held whole = *held;

    if (held->note.n == 0 && held->pid > 0) {
        note_from_environ(held->pid, &note);
        whole.note = (struct pm_blob){ note.at, note.n };
    }
    brain_on_keeper(shell->brain, PM_MSG_HELD, &whole, pm_mono_now());
}

void keeper_hear(struct shell *shell, int most)
{
    struct pm_wire_message message;

    while (most-- > 0 && !shell->over) {
        enum pm_err err = pm_wire_receive(shell->wire, &message);
        if (err == PM_TIMEOUT)
            return;
        if (err == PM_GONE) {
            shell->over = true; /* it told us to go, or it is dead: what runs goes on running */
            return;
        }
        if (err != PM_OK) {
            pm_log_error("a message of the keeper is dropped: %s", pm_err_sentence(err));
            continue;
        }
        if (message.fds_lost && !shell->unheard) {
            pm_log_error("no descriptors are left for the output of processes: it waits in their "
                         "pipes for the next brain, which begins in a moment");
            shell->unheard = true;
        }
        shell->in_hand = &message;
        if (message.kind == PM_MSG_HELD)
            tell_held(shell, message.msg);
        else
            brain_on_keeper(shell->brain, message.kind, message.msg, pm_mono_now());
        shell->in_hand = NULL;
        pm_wire_drop(&message); /* what nobody collected */
    }
}
