/* What the sheriff sees: deputies, their sessions, and the processes they report.
 *
 * A deputy's rows are kept as it sent them, with the sheriff's own time of arrival, so ages
 * never depend on two clocks. A deputy that is lost keeps its rows: they are what was last
 * known. Rows of processes nobody wishes for are kept too, or the digests could not agree. */
#ifndef SHERIFFD_FLEET_H
#define SHERIFFD_FLEET_H

#include "sheriffd/desired.h"

#include <procman/time.h>

/* What a deputy reports of one process. */
struct seen {
    struct deputy *deputy;
    struct wish *wish;           /* NULL: nobody wishes for it */
    struct pm_status_row row;    /* its strings are owned */
    struct pm_mono at;           /* when it came */
    uint64_t digest;
    struct pm_usage usage;       /* zero while it does not live */
    uint64_t mark;               /* number of the status that named it last */
};

struct deputy {
    char *name, *software, *hostname, *address;
    struct post *post;
    enum pm_link link;
    struct pm_mono away;         /* LOST or GONE: since then */
    bool left_running;           /* GONE: its processes live on */
    bool refreshed;              /* a full status came in this session: wishes may be sent */
    bool adopting;               /* what it holds is being taken over: it is told nothing yet */
    struct pm_mono refused;      /* when a second one of that name was last spoken of */
    char *second;                /* where that one is, and when it last asked; or NULL */
    struct pm_mono second_at;
    bool known;                  /* a full status came ever since the sheriff began */
    uint64_t peer, session, epoch;
    struct pm_mono heard;
    uint64_t seq;                /* of its last status */
    uint64_t lost_ends;          /* ends of lives it could not keep, as it said last */
    uint64_t generation, specs_generation;           /* that it has answered */
    uint64_t sent_generation, sent_specs_generation; /* that it was sent in this session */
    unsigned mismatches;         /* beats in a row that did not agree */
    uint64_t digest;             /* over all rows */
    size_t alive;                /* rows of living processes */
    struct table rows;           /* of struct seen, by group and name */
    struct pm_machine machine;
};

struct fleet {
    struct table by_name, by_peer;
    struct deputy **deputies;    /* in no order */
    size_t n;
    uint64_t marks;
};

void fleet_init(struct fleet *fleet);
void fleet_fini(struct fleet *fleet);

struct deputy *fleet_find(const struct fleet *fleet, const char *name);
struct deputy *fleet_by_peer(const struct fleet *fleet, uint64_t peer);
struct deputy *fleet_deputy(struct fleet *fleet, struct desired *d, const char *name); /* or new */

/* A new session with that peer; software and address are copied. */
void fleet_begin(struct fleet *fleet, struct deputy *deputy, uint64_t peer, uint64_t session,
                 uint64_t epoch, struct pm_mono now);
/* The session is over; the deputy becomes LOST or GONE. */
void fleet_end(struct fleet *fleet, struct deputy *deputy, enum pm_link link);

/* Called for every row that is new (before NULL), differs, or is gone (seen->row is the last
 * one then; seen is freed afterwards). before's strings are valid during the call. */
typedef void fleet_notice(void *self, struct seen *seen, const struct pm_status_row *before,
                          bool gone);

/* Take a status of the deputy's session. */
void fleet_status(struct fleet *fleet, const struct desired *d, struct deputy *deputy,
                  const struct pm_status *status, struct pm_mono now, fleet_notice *notice,
                  void *self);

/* Numbers of a living process; ignored for others. Returns its wish, or NULL. */
struct wish *fleet_usage(const struct desired *d, const struct deputy *deputy,
                         const struct pm_usage *usage);

/* What it reports of the process of that name; NULL: nothing. */
const struct seen *fleet_row(const struct deputy *deputy, const char *group, const char *name);

/* A wish came after the deputy's row of it. */
void fleet_link(struct fleet *fleet, struct wish *wish);

#endif
