/* Follow a process's output: every byte once, in order, whatever happens in between.
 *
 * A live stream may lose chunks, a deputy may reconnect, a sheriff may be restarted; but the
 * files at the deputy have every byte under its address. A follower knows the address it wants
 * next: it takes what continues there, ignores repeats, and reads from the files what a hole
 * left out. It goes on with the same process over all of that process's lives.
 *
 * Two ways to drive it. Reading up to the present end: pm_follow_step, or pm_follow_finish. Live:
 * the caller owns the loop, hands live messages to pm_follow_feed, calls pm_follow_pump after
 * each wait, and where it keeps a view tells the follower how far the output goes. The first may
 * turn into the second, by pm_follow_go_live. */
#ifndef PROCMAN_FOLLOW_H
#define PROCMAN_FOLLOW_H

#include <procman/client.h>

PM_BEGIN

struct pm_follow;

/* Bytes that one stream of one life wrote at one time. */
struct pm_stretch {
    const uint8_t *at;       /* borrowed during the call */
    size_t n;
    uint64_t offset;         /* address of the first */
    int64_t time_ms;         /* wall clock of the deputy, ms since 1970; 0: not known any more */
    enum pm_stream stream;
    uint64_t run;            /* 0: not known any more, and then the stream is not known either */
};

/* Why there is less than there was. */
enum pm_missing {
    PM_MISSING_OLD,          /* too old: no longer kept, or gone before they could be read */
    PM_MISSING_FULL,         /* the disk was full: they are in no file and have no address */
    PM_MISSING_SHORT,        /* the file ends before what was given: it goes on from there */
};

struct pm_follow_calls {
    void (*bytes)(void *context, const struct pm_stretch *stretch);
    /* n bytes are missing here; may be NULL. */
    void (*missing)(void *context, enum pm_missing why, uint64_t n);
};

/* Where to begin: at the last of the places these name. */
struct pm_follow_how {
    uint64_t lines;          /* so many lines before the end; 0: with what comes */
    int64_t since_ms;        /* what came at this wall clock time of the deputy; 0: no matter */
    uint64_t run;            /* what this life wrote, or one after it; 0: no matter */
    uint64_t offset;         /* this address */
    bool marked;             /* say where each stretch came from (live it is always said) */
    size_t most;             /* bytes to hold at once; 0: as many as one answer brings */
};
#define PM_FOLLOW_ALL UINT64_MAX /* lines: from the first that is kept */

/* live: subscribe, and go on for ever; otherwise only up to the end as it is now.
 * The client stays the caller's and must live longer.
 * OK | as pm_client_subscribe, pm_client_send */
PM_API enum pm_err pm_follow_open(struct pm_client *client, uint64_t id,
                                  const struct pm_follow_how *how, bool live,
                                  const struct pm_follow_calls *calls, void *context,
                                  struct pm_follow **out) PM_MUST_USE;
PM_API void pm_follow_close(struct pm_follow **follow);

/* Not live: take one answer, waiting for it at most wait_ms; nothing when it is done.
 * OK | TIMEOUT | GONE | any error of a read (LOST: its deputy is away; text: pm_client_text()) */
PM_API enum pm_err pm_follow_step(struct pm_follow *follow, int wait_ms) PM_MUST_USE;
/* The same up to the end. */
PM_API enum pm_err pm_follow_finish(struct pm_follow *follow, int wait_ms) PM_MUST_USE;

/* From here on live. OK | as pm_client_subscribe */
PM_API enum pm_err pm_follow_go_live(struct pm_follow *follow) PM_MUST_USE;

/* A live message. Returns whether it was a chunk of this process. */
PM_API bool pm_follow_feed(struct pm_follow *follow, const struct pm_frame *frame);

/* Take answers, ask for what is missing.
 * OK | any error of a read. Errors are no end: it asks again by itself, at a later call. */
PM_API enum pm_err pm_follow_pump(struct pm_follow *follow) PM_MUST_USE;

/* The output goes up to this address (a process's output_end in the view). */
PM_API void pm_follow_reaches(struct pm_follow *follow, uint64_t end);

/* Nothing is missing of what is known to exist. Not live: this is the end. */
PM_API bool pm_follow_done(const struct pm_follow *follow);

PM_END
#endif
