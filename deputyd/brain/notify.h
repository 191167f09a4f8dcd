/* What a process says of itself: the datagrams of sd_notify(3). */
#ifndef BRAIN_NOTIFY_H
#define BRAIN_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#define NOTIFY_BYTES  4096 /* of one datagram; larger ones are not heard */
#define NOTIFY_STATUS 100  /* of a status */

struct notice {
    bool ready;    /* READY=1 */
    bool alive;    /* WATCHDOG=1 */
    bool trigger;  /* WATCHDOG=trigger */
    bool status;   /* STATUS= was said; its text is fit for any terminal */
    char text[NOTIFY_STATUS];
};

/* Whatever else is in it is none of our business. */
void notice_read(const char *text, size_t n, struct notice *out);

#endif
