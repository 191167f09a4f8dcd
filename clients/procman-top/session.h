/* The sheriff's side of the program: what the app wishes becomes requests, answers become news. */
#ifndef TOP_SESSION_H
#define TOP_SESSION_H

#include "app.h"

#include <procman/client.h>

struct session;

/* Connect and take the first picture. Failed: *why is a sentence, heap. OK | as pm_client_open */
enum pm_err session_open(const char *run_dir, bool watch, struct session **out, char **why)
    PM_MUST_USE;
void session_close(struct session **session);
void session_serve(struct session *session, struct app *app); /* from now on, that one */
int session_fd(const struct session *session); /* readable: session_pump() */

/* Take in what has come. true: something is to be drawn. */
bool session_pump(struct session *session, struct pm_mono now);
void session_second(struct session *session);  /* once a second: ask for last lines and the like */

/* What an app's port needs. */
void session_order(struct session *session, enum pm_verb verb, int64_t signal,
                   const char **select, size_t n);
void session_follow(struct session *session, const uint64_t *ids, size_t n, enum since since);
void session_earlier(struct session *session);
void session_details(struct session *session, const struct pm_proc *proc);
void session_events(struct session *session);
void session_specs(struct session *session);

void session_scripts(struct session *session);
void session_run(struct session *session, const char *script);
void session_abort(struct session *session);

/* Changes; they become the app's draft. */
void session_apply(struct session *session, const char *path);
void session_write(struct session *session, const struct pm_proc **procs, size_t n);
void session_move(struct session *session, const struct pm_proc **procs, size_t n,
                  const char *host);
void session_write_again(struct session *session);
void session_go_on(struct session *session);
void session_drop(struct session *session);

#endif
