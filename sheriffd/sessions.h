/* The deputies' side: who is taken, what it is told, what it is believed. */
#ifndef SHERIFFD_SESSIONS_H
#define SHERIFFD_SESSIONS_H

#include "sheriffd/inside.h"

void sessions_on_message(struct sheriff *s, uint64_t peer, const char *address, enum pm_msg kind,
                         const void *msg);
/* false: it does not read; its session is over then */
bool sessions_send(struct sheriff *s, struct deputy *deputy, enum pm_msg kind, const void *msg);
void sessions_beat(struct sheriff *s);     /* once a second: beats, and who is lost */
void sessions_send_due(struct sheriff *s); /* specs and wants, when all is committed */

/* For hello.c: an event of a deputy, in the log too; what is thought of it changed; it is lost */
void sessions_note(struct sheriff *s, const char *name, const char *what, const char *text);
void sessions_look(struct sheriff *s, struct deputy *deputy);
void sessions_lose(struct sheriff *s, struct deputy *deputy, const char *why);

#endif
