/* The socket on which processes say how they are. */
#ifndef KEEPER_NOTIFY_SOCKET_H
#define KEEPER_NOTIFY_SOCKET_H

/* Binds `path` anew, for whoever may reach it. Its number is none that a brain is given things
 * under. -1: it cannot be had, which is logged; deputy: its name, for that */
int pm_notify_socket(const char *path, const char *deputy);

#endif
