/* Every limit, with its reason. Going over one is refused aloud, never cut short in silence. */
#ifndef PROCMAN_LIMITS_H
#define PROCMAN_LIMITS_H

#include <stdint.h>

#define PM_PROTOCOL_VERSION 1

/* The wire. A frame must hold the specs of a whole fleet once (20,000 × ~300 bytes); what it
 * decodes to is bounded too, because a 1-byte element can become a 300-byte struct. */
#define PM_LIMIT_FRAME          (16u << 20) /* bytes of one message body */
#define PM_LIMIT_FRAMES         3           /* frames after the routing id: envelope, body, spare */
#define PM_LIMIT_DECODED        (64u << 20) /* bytes of arena one message may use */
#define PM_LIMIT_DEPTH          8           /* nesting; our deepest message uses 6 */
#define PM_LIMIT_LIST           32768       /* elements of one list */
#define PM_LIMIT_KEYS           128         /* keys of one map, known or not */
#define PM_LIMIT_STRING         65536       /* bytes of one string; a command line may be long */
#define PM_LIMIT_BLOB           (1u << 20)  /* bytes of one binary */

/* Names. A file name component holds 255 bytes and percent-encoding may triple a name. */
#define PM_LIMIT_NAME           80          /* bytes of a process's or deputy's name */
#define PM_LIMIT_GROUP          200         /* bytes of a group path */
#define PM_LIMIT_VARIABLE       200         /* bytes of an environment variable's name: a YAML key
                                               must fit in 1024 characters */

/* Times people configure: ten years. Sums of a few of them are far from overflow. */
#define PM_LIMIT_PERIOD_MS      (315360000000ull)

/* A resource limit that is none, as RLIM_INFINITY is. */
#define PM_UNLIMITED            UINT64_MAX

/* Without a sheriff for this long, at least, before a process may be stopped for it: three
 * missed beats make it lost, and one that is begun again answers within another second or two. */
#define PM_LIMIT_LOSS_LEAST_MS  (5000ull)

/* What is looked for, and how often. Silence and watchdogs below a second are noise, and what
 * is started by time is no loop. */
#define PM_LIMIT_SPAN_LEAST_MS  (1000ull)
#define PM_LIMIT_PATTERN        1024        /* bytes of a regular expression */
#define PM_LIMIT_PATTERN_SIZE   10000       /* its repetitions, multiplied: what regcomp makes */
#define PM_LIMIT_HOST           253         /* bytes; DNS */
#define PM_LIMIT_PORT           65535
#define PM_LIMIT_DEPENDENCIES   1000        /* of one process */
#define PM_LIMIT_INSTANCES      1000        /* of one process in a file */

/* Scripts. A step is a line that somebody wrote. */
#define PM_LIMIT_SCRIPTS        1000
#define PM_LIMIT_STEPS          1000        /* of one script */

/* Control groups. A program's pages of code alone need some 64 KiB; Linux has 2^22 processes. */
#define PM_LIMIT_MEMORY_LEAST   (64u << 10) /* bytes */
#define PM_LIMIT_MEMORY_MOST    (1ull << 46)
#define PM_LIMIT_PERCENT        100000      /* of one core */
#define PM_LIMIT_PIDS           4194304

/* Output files: a smaller one would be rotated by every few lines, and each kept one is a
 * directory entry that is looked at. */
#define PM_LIMIT_OUTPUT_LEAST   (4u << 10)  /* bytes */
#define PM_LIMIT_OUTPUT_MOST    (1ull << 40)
#define PM_LIMIT_OUTPUT_KEEP    1000

/* Selectors are matched with every process of a fleet in one turn of the sheriff's loop. */
#define PM_LIMIT_SELECTOR       1024        /* bytes of one word */
#define PM_LIMIT_SELECTORS      4096        /* words of one request */

/* A deputy. */
#define PM_LIMIT_SLOTS          4096        /* processes on one deputy: 3 descriptors each */
#define PM_LIMIT_NOTE           2048        /* bytes the keeper remembers for the brain per slot */
#define PM_LIMIT_SPAWN          (160u << 10) /* bytes of a keeper message: a socket takes 208 KiB */
#define PM_LIMIT_READ           (256u << 10) /* bytes of output in one answer */
#define PM_LIMIT_WISH           (15u << 20) /* bytes of all its specs: with a want for each they
                                               are one message, holding */

/* Strays: one answer, and what a stray says of itself is cut there. */
#define PM_LIMIT_STRAYS         4096        /* of one deputy; a next hunt finds the rest */
#define PM_LIMIT_STRAY_TEXT     256         /* bytes */

/* A fleet. */
#define PM_LIMIT_PROCESSES      32768       /* as PM_LIMIT_LIST: a snapshot is one message */
#define PM_LIMIT_DEPUTIES       4096
#define PM_LIMIT_EVENTS         100000      /* rows kept in the store; the oldest go */
#define PM_LIMIT_REVISIONS      50          /* files that were applied, kept in the store whole … */
#define PM_LIMIT_REVISIONS_ALL  (64u << 20) /* … but no more bytes of them than this */
#define PM_LIMIT_PAST           50          /* ends of one process kept in the store */
#define PM_LIMIT_PAST_ALL       20000       /* ends of all; with their last lines 50 MB at most */

/* Patience. Who asks is more patient than who answers, or what was done would be reported as
 * failed. The sheriff gives a change so long for its turn and so long again for the disk, a
 * question to his store or to a deputy so long once, and looks at his clock each second. */
#define PM_WAIT_STORE_MS        10000
#define PM_WAIT_DEPUTY_MS       5000
#define PM_WAIT_QUESTION_MS     (PM_WAIT_STORE_MS + 3000)     /* a client's, for what he asks */
#define PM_WAIT_CHANGE_MS       (2 * PM_WAIT_STORE_MS + 3000) /* and for what he stores */

/* Configuration files: libyaml needs O(n²) on deep nesting, so depth is cut early. */
#define PM_LIMIT_CONFIG_FILE    (4u << 20)  /* bytes */
#define PM_LIMIT_CONFIG_DEPTH   32
#define PM_LIMIT_CONFIG_FILES   1000        /* that one configuration is made of; together as one */
#define PM_LIMIT_CONFIG_NODES   300000      /* values in all: a refusal within 0.1 s and 64 MiB;
                                               20,000 processes have 15 each, beside defaults */
#define PM_LIMIT_CONFIG_MEMORY  (256u << 20) /* bytes of tree and specs together */
#define PM_LIMIT_CONFIG_SPECS   (64u << 20) /* bytes of its specs, each with all its defaults */
#define PM_LIMIT_CONFIG_ERRORS  100         /* reported at once */

#endif
