/* Other process managers' files to processes of ours, and a list of what could not be carried over.
 *
 * A reader (one file for each kind) calls these verbs in the order of its file. It never judges
 * whether ProcMan knows a key: import_set asks the language itself, by the same table that reads
 * configuration files, and what that refuses is listed as left. So nothing is lost in silence, and
 * a key that is served one day is carried over from that day on.
 *
 * Everything lives until import_fini. Nothing here touches the world: files come through
 * `struct import_files`. */
#ifndef PROCMANCTL_IMPORT_H
#define PROCMANCTL_IMPORT_H

#include <procman/codec.h>
#include <procman/tree.h>

/* ---- limits: a file of a stranger may include itself, or ask for a million copies ---- */
enum {
    IMPORT_FILES = 256,           /* of one import, includes counted */
    IMPORT_DEPTH = 8,             /* of includes in includes */
    IMPORT_COPIES = 1000,         /* of one program: numprocs, replicas */
    IMPORT_SHOWN = 60,            /* bytes of a value in a sentence */
};

/* A file that is being read. */
struct source {
    const char *name;             /* as errors call it */
    const char *directory;        /* absolute; where its relative paths begin */
    const char *text;             /* NUL-terminated */
    size_t n;
    size_t nth;                   /* files in the order they were opened */
    unsigned depth;               /* so many files included one another to come here */
    size_t line, line_place;      /* where the last search for a line number ended */
};

/* How the world is reached; each returns heap text. NULL members: there is no world. */
struct import_files {
    /* The text of a file and where it is; NULL and *why, heap, when it cannot be read. */
    char *(*read)(const char *path, size_t *n, char **directory, char **why);
    /* The files a pattern matches, sorted, one a line; "" for none. */
    char *(*match)(const char *pattern);
};

/* One thing a file says, with its place: what sentences are about. */
struct setting {
    struct source *source;
    size_t line;
    const char *subject;          /* whose setting: "program web"; NULL: the file's */
    const char *name, *value;     /* as written; value NULL: there is none to show */
    const struct pm_node *node;   /* of YAML and JSON: the value itself */
};

struct part;                      /* a piece of a key that is a map or a list: parts.c */
struct wait;                      /* a process it depends on, by the name the file has: order.c */
struct edge;

struct process {
    struct pm_spec spec;
    struct setting at;            /* what began it */
    const char *alias;            /* what the file calls it */
    struct part *parts, **parts_end;
    struct wait *waits, **waits_end;
    struct edge *edges, *cursor;  /* order.c: processes it depends on, and the walk over them */
    struct process *from;
    unsigned visit;
};

/* A script: steps in the order they are done. */
struct step { const char *verb, *what, *wait; struct step *next; };
struct script {
    struct setting at;
    const char *name;
    struct step *steps, *last;
    struct script *next;
};

struct left { struct setting at; char *text; size_t nth; };

struct import {
    struct pm_arena arena;
    const struct import_files *files;
    struct source *sources[IMPORT_FILES];
    size_t sources_n;
    struct process **processes;
    size_t processes_n, processes_cap;
    struct left *left;            /* sorted by file and line after import_finish */
    size_t left_n, left_cap;
    struct script *scripts, **scripts_end;
    struct unit *units[IMPORT_FILES]; /* systemd.c: all are read before it is said who waits */
    size_t units_n;
    char *fault;                  /* the first sentence that ends it, "FILE:LINE: …"; NULL: fine */
};

void import_init(struct import *im, const struct import_files *files);
void import_fini(struct import *im);

/* ---- for readers ---- */

/* Text of the import's own; "" and a fault when there is no room. */
const char *import_str(struct import *im, const char *text, size_t n);
const char *import_print(struct import *im, const char *format, ...) PM_PRINTF(2, 3);
/* Zeroed memory, or NULL and a fault. */
void *import_get(struct import *im, size_t bytes) PM_MUST_USE;

/* The file cannot be imported. Only the first such sentence is kept. Returns false. */
bool import_fail(struct import *im, const struct source *source, size_t line, const char *format,
                 ...) PM_PRINTF(4, 5);
/* Open a file that is named in another one (from; NULL: on the command line). NULL: failed. */
struct source *import_open(struct import *im, const char *path, const struct setting *from);
/* The line of a byte of the text; quick when places come in order. */
size_t source_line(struct source *source, size_t place) PM_MUST_USE;
/* path, or path below the source's directory when it is relative. */
const char *source_path(struct import *im, const struct source *source, const char *path);

/* A new process that begins with ProcMan's defaults; a name ProcMan cannot have is changed and
 * that is listed. NULL: failed. */
struct process *import_process(struct import *im, const struct setting *at, const char *name);
void import_group(struct import *im, struct process *process, const struct setting *at,
                  const char *group);

/* Set a key as `edit --set` does; what the language refuses is listed as left. */
void import_set(struct import *im, struct process *process, const struct setting *at,
                const char *key, const char *value);
/* A piece of a map: ("limits", "nofile: 4096"); pieces are put together by import_finish. */
void import_part(struct import *im, struct process *process, const struct setting *at,
                 const char *key, const char *format, ...) PM_PRINTF(5, 6);
/* It depends on what the file calls `alias`. terms: "when: ready, on_failure: ignore". */
void import_depend(struct import *im, struct process *process, const struct setting *at,
                   const char *alias, const char *terms);
void import_variable(struct import *im, struct process *process, const struct setting *at,
                     const char *name, const char *value);

/* "… is not carried over: ADVICE". */
void import_left(struct import *im, const struct setting *at, const char *format, ...)
    PM_PRINTF(3, 4);

/* ---- for who ordered the import ---- */

/* All files are read: no process twice, dependencies found, pieces put together. */
void import_finish(struct import *im);
/* The configuration, heap; list of what is left sorted. NULL: im->fault says why not. */
char *import_write(struct import *im, bool json);

#endif
