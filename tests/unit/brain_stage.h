/* A stage for stories about a deputy's brain: a recorder in place of the keeper, the sheriff and
 * the mover, and a clock that moves only when told to.
 *
 * Each line of what is said is one thing: "spawn 0/1" (slot 0, run 1), "kill 0/1 15", "status
 * full 2" (of two processes) … so a test reads as what happened. */
#ifndef UNIT_BRAIN_STAGE_H
#define UNIT_BRAIN_STAGE_H

#include "brain/brain.h"

#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/spec.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SESSION 77
#define SHERIFF 500
#define SLOTS   8

struct brain_stage {
    struct brain *brain;
    struct pm_mono now;
    char said[16384];              /* all since last cleared, each line ended by '\n' */
    char logged[4096];
    bool sheriff_deaf, undrained, keeper_refuses;
    uint8_t note[SLOTS][PM_LIMIT_NOTE]; /* as a keeper would remember */
    size_t note_n[SLOTS];
    uint64_t run[SLOTS];
    struct pm_status status;       /* the last one; rows in the arena */
    struct pm_arena arena;
    struct pm_beat beat;
    struct pm_buf wish;            /* as its file would hold it */
    unsigned kept;                 /* how often it was written */
    struct { struct pm_kept_end *at; size_t n; struct pm_arena arena; } past; /* the file */
    bool hear_endings;             /* they are of interest */
    struct pm_endings endings;     /* the last ones */
    struct pm_arena told;          /* holds them */
    bool oom_ran;
    uint64_t written;              /* bytes of any process's output */
    char last_line[100];           /* of any command that looks */
    char variables[200];           /* names in the environment of the last spawn */
    char name_told[PM_LIMIT_NAME + 16]; /* and its PROCMAN_NAME */
    uint64_t orders;
};
extern struct brain_stage t;

/* What was said since the last look. */
#define then_said(expected) \
    do { \
        cr_assert_str_eq(t.said, expected, "said:\n%sexpected:\n%s", t.said, expected); \
        t.said[0] = '\0'; \
    } while (0)

void stage_setup(void);    /* .init and .fini of a suite */
void stage_teardown(void);

void turn(void);
void quiet(void);          /* a turn of which nothing is of interest */
/* As time does: turn by turn, whenever the brain asked to be called. */
void when_time_passes(int64_t ms);

void open_brain(void);
void given_ready(void);                       /* the keeper said all: nothing */
void given_welcome_from(uint64_t sheriff);
void given_deputy(void);                      /* all three, and quiet */
/* One process `cam`, number 1, running with pid 100 in slot 0. */
void given_running(struct pm_spec *spec);
struct pm_spec a_spec(uint64_t id, const char *name);

void when_specs(uint64_t generation, struct pm_spec *at, size_t n);
void when_wants(uint64_t specs_generation, struct pm_want *at, size_t n);
void when_want(uint64_t id, bool up, uint64_t order); /* the only one, and a turn */
void when_spawned(uint64_t slot, uint64_t run, int64_t pid);
void when_ended(uint64_t slot, uint64_t run, int64_t code, int64_t by_signal);
/* The brain dies; what the keeper remembers comes to the next one, all with that pid. */
void when_brain_restarts(int64_t pid);

const struct pm_status_row *row(const char *name); /* in the last status */

struct pm_spec a_spec_ready(enum pm_probe_kind kind, const char *text); /* of "cam" */
/* Spawned, with pid 100 in slot 0; and what was said for that is forgotten. */
void given_starting(struct pm_spec *spec);
void attended(int64_t ms);                    /* time passes, with a sheriff who is there */

#endif
