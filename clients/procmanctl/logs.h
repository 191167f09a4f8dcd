/* What the files of the verb logs share: the processes it shows, and what of them is wanted.
 *
 *   logs.c         what is asked for: options, their sense and nonsense
 *   logs_source.c  one process: read, choose, cut into lines
 *   logs_tail.c    where its last so many chosen lines begin
 *   logs_show.c    lines and bytes onto the screen, or as JSON
 *   logs_past.c    all processes up to now, merged by time
 *   logs_live.c    and on
 *   logs_save.c    into files instead */
#ifndef PROCMANCTL_LOGS_H
#define PROCMANCTL_LOGS_H

#include "clean.h"
#include "ctl.h"
#include "lines.h"
#include "merge.h"

#include <procman/follow.h>
#include <regex.h>

struct wanted {
    struct pm_follow_how how;
    int64_t until_ms;        /* what came at this time or later is not; 0: no end */
    bool previous;           /* the life before the present or last one, and no other */
    bool only_err;
    regex_t *grep;           /* lines that match, or NULL: all */
};

struct source {              /* one process */
    struct logs *logs;
    uint64_t id;
    char *group, *name, *host;
    uint64_t run;            /* its present or last life */
    uint64_t output_end;     /* as the sheriff knew it */
    struct pm_follow *follow;
    struct pm_follow_how how;
    /* Where chosen bytes go: to the screen, into lines, into a file. */
    void (*take)(struct source *source, const struct pm_stretch *stretch);
    struct lines lines;
    struct line line;        /* taken out of it last */
    uint64_t first, next;    /* addresses of what was read, chosen or not; first == next: nothing */
    bool over;               /* nothing that is wanted can follow */
    bool ended;              /* its past is read */
    bool quiet;              /* what is missing has been, or will be, told another time */
    uint64_t unknown;        /* bytes left out because their origin is not known any more */
    enum pm_err err;         /* what was last said about it */
    bool ambiguous;          /* without its group */
    char *prefix;            /* "cam@rig08 | ", or NULL */
    const char *shade;
    struct cleaner cleaners[PM_STREAM_ERR + 1];
    void *file;              /* FILE *, of --save */
    uint64_t saved;          /* bytes */
};

struct logs {
    struct ctl *ctl;
    struct wanted wanted;
    bool by_line;            /* not bytes as they come: prefixes, times, JSON, a search */
    struct source **sources; /* in the order of their prefixes */
    size_t n;
    bool renamed;            /* their prefixes are to be made anew */
    struct merge merge;
    struct cleaner *open;    /* the stream whose unfinished line the cursor stands in, or NULL */
    bool follows;            /* the past is over: lines end when their newline comes */
};

/* ---- logs_source.c ---- */

struct source *source_add(struct logs *logs, const struct pm_proc *proc);
void source_remove(struct logs *logs, size_t i);
struct source *source_of(struct logs *logs, uint64_t id); /* or NULL */
/* Find out where it begins and begin to read its past; a failure is told, and ends it. */
enum pm_err source_open(struct source *source);
enum pm_err source_begin(struct source *source, bool live); /* the latter only, from ->how */
/* The next of its chosen lines into ->line. wait: read on to its end for it. */
bool source_next(struct source *source, bool wait);
/* Say an error once, and again only when it went well in between. */
void source_note(struct source *source, enum pm_err err);
void source_queue(struct source *source, const struct pm_stretch *stretch); /* into lines */

/* ---- logs_tail.c: how.lines becomes an address, when lines are chosen ---- */

enum pm_err tail_find(struct source *source) PM_MUST_USE;

/* ---- logs_show.c ---- */

void show_line(struct source *source);           /* ->line */
void show_bytes(struct source *source, const struct pm_stretch *stretch);
void show_notice(struct source *source, const char *format, ...) PM_PRINTF(2, 3);
void show_break(struct logs *logs);              /* end the line the cursor stands in */
void show_end(struct logs *logs);                /* leave the terminal as it was */
#define COUNT_SIZE 32
const char *count_text(uint64_t n, char *text);  /* "12,345" */

/* ---- the ways to go through them ---- */

void past_merge(struct logs *logs, bool wait);   /* lines that are there, or all */
enum pm_err past_read(struct logs *logs) PM_MUST_USE;
enum pm_err live_follow(struct logs *logs) PM_MUST_USE;
enum pm_err save_all(struct logs *logs, const char *dir) PM_MUST_USE;

#endif
