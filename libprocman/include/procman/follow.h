/* Follow a process's output: every byte once, in order, whatever happens in between.
 *
 * A live stream may lose chunks, a deputy may reconnect, a sheriff may be restarted; but the
 * file at the deputy has every byte under its address. A follower knows the address it wants
 * next: it takes what continues there, ignores repeats, and reads from the file what a hole
 * left out. It goes on with the same process over all of that process's lives.
 *
 * The caller owns the loop: it hands live messages to pm_follow_feed, calls pm_follow_pump after
 * each wait, and where it keeps a view tells the follower how far the output goes. */
#ifndef PROCMAN_FOLLOW_H
#define PROCMAN_FOLLOW_H

#include <procman/client.h>

PM_BEGIN

struct pm_follow;

struct pm_follow_calls {
    /* The next n bytes; offset is the address of the first. Borrowed during the call. */
    void (*bytes)(void *context, uint64_t offset, const uint8_t *at, size_t n);
    /* These n bytes are gone from the file before they could be read. May be NULL. */
    void (*lost)(void *context, uint64_t offset, uint64_t n);
};

/* Begin with the last `lines` lines; PM_FOLLOW_ALL: with the first byte there is; 0: with what
 * comes. live: subscribe, and go on for ever; otherwise only up to the end as it is now.
 * The client stays the caller's and must live longer.
 * OK | as pm_client_subscribe, pm_client_send */
#define PM_FOLLOW_ALL UINT64_MAX
PM_API enum pm_err pm_follow_open(struct pm_client *client, uint64_t id, uint64_t lines, bool live,
                                  const struct pm_follow_calls *calls, void *context,
                                  struct pm_follow **out) PM_MUST_USE;
PM_API void pm_follow_close(struct pm_follow **follow);

/* A live message. Returns whether it was a chunk of this process. */
PM_API bool pm_follow_feed(struct pm_follow *follow, const struct pm_frame *frame);

/* Take answers, ask for what is missing.
 * OK | any error of a read (LOST: its deputy is away; text: pm_client_text()). Errors are no end:
 * it asks again by itself, at a later call. */
PM_API enum pm_err pm_follow_pump(struct pm_follow *follow) PM_MUST_USE;

/* Without `live`: read all up to the end, waiting at most wait_ms for each answer.
 * OK | TIMEOUT | GONE | any error of a read */
PM_API enum pm_err pm_follow_finish(struct pm_follow *follow, int wait_ms) PM_MUST_USE;

/* The output goes up to this address (a process's output_end in the view). */
PM_API void pm_follow_reaches(struct pm_follow *follow, uint64_t end);

/* Nothing is missing of what is known to exist. Without `live`: this is the end. */
PM_API bool pm_follow_done(const struct pm_follow *follow);

PM_END
#endif
