/* A sheriff for tests of the client: sockets in a private directory, and a function that answers.
 *
 * His control socket belongs to a thread of his own, so that the test may wait for answers; his
 * stream belongs to the test. Every wait has a limit: a test that hangs fails. */
#ifndef TEST_FAKE_SHERIFF_H
#define TEST_FAKE_SHERIFF_H

#include <criterion/criterion.h>
#include <procman/client.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#define FAKE_WAIT_MS 5000 /* for what takes a millisecond on an idle machine */

struct fake {
    char dir[64];
    void *context, *router, *stream;
    zmq_msg_t who;        /* the client being answered */
    pthread_t thread;
    atomic_bool ending;
    atomic_int requests;  /* taken so far */
    /* Answers one request by fake_say, or not. */
    void (*answer)(struct fake *fake, enum pm_msg kind, const void *request, uint64_t number);
    void *story;          /* the test's own */
};

void fake_say_bytes(struct fake *fake, const char *word, const void *at, size_t n);
void fake_say(struct fake *fake, enum pm_msg kind, const void *msg);
void fake_publish(struct fake *fake, const char *topic, enum pm_msg kind, const void *msg);

/* Until somebody has subscribed to that topic. */
void fake_wait_subscribed(struct fake *fake, const char *topic);

/* Begin, or begin again in the same directory after fake_end. control: name of his socket. */
void fake_begin(struct fake *fake, const char *control,
                void (*answer)(struct fake *, enum pm_msg, const void *, uint64_t));
void fake_end(struct fake *fake);
void fake_remove(struct fake *fake);

#endif
