/* Names of hosts to addresses, without waiting for whoever knows them. */
#ifndef BRAIN_NAMES_IO_H
#define BRAIN_NAMES_IO_H

#include <procman/error.h>

#include <netinet/in.h>

#define NAMES_MOST 8 /* addresses of one host */
#define NAMES_HOST 254

union name_address { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; };

struct name_answer {
    uint64_t number;
    size_t n;          /* 0: `why` says why */
    union name_address at[NAMES_MOST];
    char why[80];
};

struct names { int fd; }; /* readable when there are answers; -1: nobody has asked yet */

/* false: it cannot be asked now */
bool names_ask(struct names *names, uint64_t number, const char *host);
bool names_next(struct names *names, struct name_answer *out); /* false: there is none now */
void names_close(struct names *names);

/* An address as it is written, or this machine, needs nobody to be asked. How many; 0: it does */
size_t names_plain(const char *host, union name_address out[NAMES_MOST]);

#endif
