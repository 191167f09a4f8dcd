/* Is one life ready, and is it well? A pure machine: told what was seen, it says what to do. */
#ifndef BRAIN_PROBE_H
#define BRAIN_PROBE_H

#include <procman/schema.h>
#include <procman/time.h>

enum probe_act {
    PROBE_NOTHING,
    PROBE_LOOK,      /* begin a look with probe_rule(); it is told by probe_looked() */
    PROBE_LOOK_AWAY, /* the look under way takes too long: end it; it counts as a bad one */
    PROBE_READY,
    PROBE_UNREADY,   /* and the rest: p->sentence says why */
    PROBE_UNHEALTHY,
};

#define PROBE_WORD_BYTES 100 /* of why a look was bad */

struct probe {
    bool ready;                  /* readiness is behind it; now it is about health */
    bool over;                   /* a verdict is given: nothing more to do */
    struct pm_mono ready_by;     /* ms 0 here and below: never */
    struct pm_mono look_at;      /* the next look */
    struct pm_mono looked;       /* when the one under way began */
    struct pm_mono look_by;      /* when that takes too long */
    struct pm_mono wait_by;      /* when it was put off: until then it may be */
    int64_t pause_ms;            /* between looks for readiness: they become rarer */
    uint64_t bad;                /* looks in a row */
    bool unjudged;               /* the last was ended by us, and is yet to count */
    struct pm_mono silence_at;   /* the next glance at how much it has written */
    uint64_t written;            /* bytes, at the last change */
    struct pm_mono wrote;        /* when that was seen */
    struct pm_mono barked;       /* its last WATCHDOG=1 */
    unsigned fat;                /* samples of its memory in a row that were over */
    struct pm_mono good, lean;   /* its last good look; when its memory was last within */
    struct pm_mono well;         /* with PROBE_UNHEALTHY: until when it was well */
    char word[PROBE_WORD_BYTES]; /* why the last look was bad */
    char sentence[120];
};

/* What its shells see without being asked. */
struct probe_seen {
    uint64_t written;  /* bytes of output so far */
    bool unwritable;   /* its output has trouble: that it is silent means nothing */
};

/* Does this spec want anything looked at? */
bool probe_wanted(const struct pm_spec *spec);
/* Two specs that want the same have the same number. */
uint64_t probe_rules(const struct pm_spec *spec);

/* A life that began then; ready: so it was said to be, perhaps by a brain before us. */
void probe_begin(struct probe *p, const struct pm_spec *spec, struct pm_mono began, bool ready,
                 const struct probe_seen *seen, struct pm_mono now);

/* What is due; to be called until it says NOTHING. */
enum probe_act probe_turn(struct probe *p, const struct pm_spec *spec,
                          const struct probe_seen *seen, struct pm_mono now);
struct pm_mono probe_next(const struct probe *p, const struct pm_spec *spec); /* ms 0: never */

/* What a look looks with: tcp, http or exec. */
const struct pm_probe *probe_rule(const struct probe *p, const struct pm_spec *spec);

/* It cannot be begun yet: no verdict, unless that goes on for as long as a look may take. */
void probe_put_off(struct probe *p, const char *why, struct pm_mono now);
/* How a look came out; why: when it was bad. */
enum probe_act probe_looked(struct probe *p, const struct pm_spec *spec, bool good,
                            const char *why, struct pm_mono now);
/* A line was found, or it said READY=1. Not if that was not asked for. */
enum probe_act probe_said_ready(struct probe *p, const struct pm_spec *spec,
                                enum pm_probe_kind kind, struct pm_mono now);
/* WATCHDOG=1, or =trigger: it gives itself up. */
enum probe_act probe_barked(struct probe *p, const struct pm_spec *spec, bool trigger,
                            struct pm_mono now);
/* A sample of the memory it and its children use. */
enum probe_act probe_weighed(struct probe *p, const struct pm_spec *spec, uint64_t bytes,
                             struct pm_mono now);

/* What a life that is not ready waits for, a sentence. */
const char *probe_waits(const struct probe *p, const struct pm_spec *spec, char *text,
                        size_t size);

#endif
