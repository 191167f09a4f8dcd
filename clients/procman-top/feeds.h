/* Output for the log pane: that of one process or several, what was and what comes.
 *
 * What was is read first and merged by time, then it goes on live; nothing is lost in between,
 * because both are counted by address. Nothing here waits. */
#ifndef TOP_FEEDS_H
#define TOP_FEEDS_H

#include "app.h"

#include <procman/client.h>

struct feeds;

struct feeds *feeds_new(struct pm_client *client, struct app *app) PM_MUST_USE;
void feeds_close(struct feeds **feeds);

/* From now on these processes, beginning as `since` says. */
void feeds_choose(struct feeds *feeds, const uint64_t *ids, size_t n, enum since since);
/* Read what came before the first line that is there; of several processes it is nothing. */
void feeds_earlier(struct feeds *feeds);

/* A live message; and whenever something may have come. true: the pane has changed. */
bool feeds_take(struct feeds *feeds, const struct pm_frame *frame);
bool feeds_pump(struct feeds *feeds);

#endif
