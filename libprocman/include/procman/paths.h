/* Where things are: run, state, log and configuration directories and the sockets in them. */
#ifndef PROCMAN_PATHS_H
#define PROCMAN_PATHS_H

#include <procman/error.h>

PM_BEGIN

/* Default directories: as root /run/procman, /var/lib/procman, /var/log/procman, /etc/procman;
 * otherwise $XDG_RUNTIME_DIR/procman (or /tmp/procman-UID, ours and 0700), and `procman` below
 * $XDG_STATE_HOME, its `log`, $XDG_CONFIG_HOME. PROCMAN_RUN_DIR overrides the first.
 * Heap strings for the caller. */
PM_API char *pm_run_dir(void) PM_MUST_USE;
PM_API char *pm_state_dir(void) PM_MUST_USE;
PM_API char *pm_log_dir(void) PM_MUST_USE;
PM_API char *pm_config_dir(void) PM_MUST_USE;

/* May the sockets of that run directory be believed? In /tmp anybody may have been there before us,
 * so the default there must be ours, and nobody else may write in it. Any other directory was
 * somebody's choice. NULL: yes, or it is not there; else why not and what to do, heap. */
PM_API char *pm_run_dir_fault(const char *dir) PM_MUST_USE;

/* Names of the sheriff's sockets in its run directory. */
#define PM_SOCKET_CONTROL "control.sock" /* clients: command and look */
#define PM_SOCKET_WATCH   "watch.sock"   /* clients: look only */
#define PM_SOCKET_STREAM  "stream.sock"  /* clients: live */
#define PM_SOCKET_DEPUTY  "deputy.sock"  /* local deputies: orders and status */
#define PM_SOCKET_FEED    "feed.sock"    /* local deputies: statistics and output */

#define PM_PORT_COMMAND 7117 /* tcp; below 32768, or libzmq may connect to itself */
#define PM_PORT_STREAM  7118

/* "ipc://DIR/NAME"; heap. LIMIT: longer than the 107 bytes a socket path holds. */
PM_API enum pm_err pm_socket_endpoint(const char *dir, const char *name, char **out) PM_MUST_USE;

/* mkdir -p with mode 0755 (0700 for the last when private; it must be ours then, and without
 * fault as a run directory). OK | IO errno is set */
PM_API enum pm_err pm_make_dir(const char *path, bool is_private) PM_MUST_USE;

PM_END
#endif
