/* Tell the service manager how we are; see sd_notify(3). */
#ifndef PROCMAN_NOTIFY_H
#define PROCMAN_NOTIFY_H

#include <procman/base.h>

PM_BEGIN

/* state: "READY=1", "STOPPING=1", "STATUS=…". Does nothing unless NOTIFY_SOCKET is set. */
PM_API void pm_notify(const char *state);

PM_END
#endif
