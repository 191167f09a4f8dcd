/* getaddrinfo() takes as long as the name servers like, so it has a thread of its own, begun with
 * the first question. It is no actor of CZMQ's, because those are waited for at our end, and ours
 * is not to depend on a name server: the thread hears only its socket and dies with the process.
 *
 * One question after the other; when too many wait, the socket is full and asking fails.
 */
#include "brain/names_io.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct question { uint64_t number; char host[NAMES_HOST]; };

/* ---- the thread ----------------------------------------------------------------------- */

static void look_up(const struct question *question, struct name_answer *answer)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
    struct addrinfo *found = NULL;
    int error = getaddrinfo(question->host, NULL, &hints, &found);

    for (const struct addrinfo *at = found; at && answer->n < NAMES_MOST; at = at->ai_next)
        if (at->ai_addrlen <= sizeof answer->at[0])
            memcpy(&answer->at[answer->n++], at->ai_addr, at->ai_addrlen);
    if (answer->n == 0)
        snprintf(answer->why, sizeof answer->why, "unknown host: %s", gai_strerror(error));
    if (found != NULL)
        freeaddrinfo(found);
}

static void *answer_all(void *argument)
{
    int fd = (int)(intptr_t)argument;
    struct question question;

    while (recv(fd, &question, sizeof question, 0) == (ssize_t)sizeof question) {
        struct name_answer answer = { .number = question.number };
        look_up(&question, &answer);
        if (send(fd, &answer, sizeof answer, MSG_NOSIGNAL) < 0)
            break;
    }
    close(fd);
    return NULL;
}

static bool begin(struct names *names)
{
    pthread_t thread;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return false;
    if (pthread_create(&thread, NULL, answer_all, (void *)(intptr_t)fds[1]) != 0) {
        close(fds[0]);
        close(fds[1]);
        return false;
    }
    pthread_detach(thread);
    names->fd = fds[0];
    return true;
}

/* ---- for the loop --------------------------------------------------------------------- */

bool names_ask(struct names *names, uint64_t number, const char *host)
{
    struct question question = { .number = number };

    if (strlen(host) >= sizeof question.host || (names->fd < 0 && !begin(names)))
        return false;
    memcpy(question.host, host, strlen(host));
    return send(names->fd, &question, sizeof question, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

bool names_next(struct names *names, struct name_answer *out)
{
    return recv(names->fd, out, sizeof *out, MSG_DONTWAIT) == (ssize_t)sizeof *out;
}

void names_close(struct names *names)
{
    if (names->fd >= 0)
        close(names->fd);
    names->fd = -1;
}

size_t names_plain(const char *host, union name_address out[NAMES_MOST])
{
    memset(out, 0, NAMES_MOST * sizeof *out);
    if (*host == '\0' || strcmp(host, "localhost") == 0) {
        out[0].v4 = (struct sockaddr_in){ .sin_family = AF_INET,
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        out[1].v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
                                           .sin6_addr = in6addr_loopback };
        return 2;
    }
    if (inet_pton(AF_INET, host, &out[0].v4.sin_addr) == 1) {
        out[0].v4.sin_family = AF_INET;
        return 1;
    }
    if (inet_pton(AF_INET6, host, &out[0].v6.sin6_addr) == 1) {
        out[0].v6.sin6_family = AF_INET6;
        return 1;
    }
    return 0;
}
