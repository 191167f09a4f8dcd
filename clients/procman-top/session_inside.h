/* What the files of a session share; nobody else includes it. */
#ifndef TOP_SESSION_INSIDE_H
#define TOP_SESSION_INSIDE_H

#include "session.h"

/* Who an answer is for. */
enum asker { ASKER_VIEW, ASKER_CHANGES, ASKER_SCRIPT };

/* A request that has not got its last answer. */
struct pending {
    uint64_t request;
    enum pm_msg kind;      /* of the answer */
    uint64_t id;           /* the process it is about; 0: about all; CHANGES: the ask's serial */
    enum asker asker;
    size_t done, failed;   /* ORDER: outcomes so far */
    enum pm_verb verb;
};

struct changes;

struct session {
    struct pm_client *client;
    struct pm_view *view;
    struct app *app;
    struct feeds *feeds;
    struct changes *changes;
    struct pending *pending;
    size_t n_pending;
    struct pm_frame spec, specs, past, happened, scripted; /* what the app borrows */
    bool hears_events, specs_old;
    struct pm_mono now;
    bool changed;
};

enum pm_err session_send(struct session *session, enum pm_msg kind, void *request,
                         const struct pending *pending);

/* ---- changes of what there is ---------------------------------------------------------------- */

struct changes *changes_new(struct session *session) PM_MUST_USE;
void changes_close(struct changes **changes);
/* An answer to what it has asked; it may take the frame, and leaves it empty then. Only the newest
 * ask has answers: the user has dropped the others. */
void changes_take(struct changes *changes, uint64_t serial, struct pm_frame *frame);
/* No answer will come. */
void changes_lost(struct changes *changes, uint64_t serial, enum pm_err err);

#endif
