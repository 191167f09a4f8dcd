/* The deputy's decisions, without a socket, a file or a clock.
 *
 * What the keeper and the sheriff say goes in, with the time; what to tell them comes out through
 * one small table of functions. After every batch of input the shell calls brain_turn(): there
 * deadlines pass, and everything that changed leaves as one status. */
#ifndef BRAIN_BRAIN_H
#define BRAIN_BRAIN_H

#include <procman/codec.h>
#include <procman/log.h>
#include <procman/time.h>

struct brain;
struct output_file;  /* one process's output; the mover's */

/* Who a process shall run as; the rest is in the caller's arena. */
struct brain_ids {
    bool is_self;
    uint64_t uid, gid;
    struct pm_i64s groups;
    const char *name, *home, *shell; /* NULL: nothing is known of that user */
};

/* How the brain acts. Messages are borrowed until return. */
struct brain_port {
    /* false: too long to be sent; only a spawn can be */
    bool (*to_keeper)(void *self, enum pm_msg kind, const void *msg);
    /* false: there is no room, or nobody is there; the brain tries again */
    bool (*to_sheriff)(void *self, enum pm_msg kind, const void *msg);
    void (*reconnect)(void *self);                          /* begin a new connection */
    void (*keep_wish)(void *self, const struct pm_wish *wish); /* over the brain's death; NULL:
                                                                  there is none any more */
    /* Likewise these ends of lives, beside those kept already; anew: they are all there are. */
    void (*keep_past)(void *self, const struct pm_kept_end *at, size_t n, bool anew);
    bool (*oom_ran)(void *self); /* the kernel has just ended processes for want of memory */
    /* Look up user and group names. NULL: done; else why not, a sentence in `text` */
    const char *(*resolve)(void *self, const struct pm_spec *spec, struct pm_arena *arena,
                           struct brain_ids *out, char *text, size_t size);
    /* The text of a small file, in the arena. NULL: done; else why not, perhaps in `text` */
    const char *(*read_file)(void *self, const char *path, struct pm_arena *arena, char **out,
                             size_t *out_n, char *text, size_t size);
    const char *(*variable)(void *self, const char *name);  /* our own; NULL: it is not set */
    double (*chance)(void *self);                           /* 0 ≤ chance < 1 */
    void (*log)(void *self, enum pm_log_level level, const char *text);

    struct output_file *(*file)(void *self, const char *group, const char *name);
    /* from the spec; max_bytes 0 = the usual */
    void (*limits)(void *self, struct output_file *file, uint64_t max_bytes, uint64_t keep);
    /* the pipes, or the terminal, beside the message in hand are those of this run */
    void (*collect)(void *self, struct output_file *file, uint64_t run);
    /* on: say the end, too */
    void (*follow)(void *self, struct output_file *file, uint64_t id, bool on);
    void (*read)(void *self, struct output_file *file, const struct pm_read *read);
    /* Find processes of this deputy's that are nobody's; answered once, by brain_on_swept. */
    void (*sweep)(void *self, uint64_t request, bool kill);
    /* the last lines this run wrote; answered once, by brain_on_last */
    void (*last)(void *self, struct output_file *file, uint64_t run);
    /* all that this run (0: any) has written is in its file */
    bool (*drained)(void *self, struct output_file *file, uint64_t run);
    void (*drop)(void *self, struct output_file *file);     /* after its pipes are drained */

    /* Ask a port or a URL; answered once, by brain_on_look, unless one looks away before. */
    void (*look)(void *self, uint64_t look, const struct pm_probe *probe);
    void (*look_away)(void *self, uint64_t look);           /* also of one that is none of these */
    /* Tell the first line of this run that matches, once, by brain_on_found; NULL: no longer */
    void (*seek)(void *self, struct output_file *file, uint64_t run, const char *pattern);
    uint64_t (*written)(void *self, struct output_file *file); /* bytes so far */
    /* The pipes beside the message in hand are a command's that looks; and its last line, which
     * is the end of that. text NULL: nobody wants to know */
    void (*listen)(void *self, uint64_t look);
    const char *(*heard)(void *self, uint64_t look, char *text, size_t size);
};

struct brain_setup {          /* strings are copied */
    const char *name;         /* of the deputy */
    const char *hostname, *boot_id;
    const struct brain_port *port;
    void *self;               /* the port's */
    const char *notify_path;  /* of the socket for what processes say; NULL: there is none */
};

void brain_open(const struct brain_setup *setup, struct pm_mono now, struct brain **out);
void brain_close(struct brain **brain);

/* What another life of ours was told, and the ends it kept, one by one. Before the first word of
 * the keeper. */
void brain_load_wish(struct brain *brain, const struct pm_wish *wish);
void brain_load_past(struct brain *brain, const struct pm_kept_end *kept);

/* Kinds that nobody may send us are logged and dropped. */
void brain_on_keeper(struct brain *brain, enum pm_msg kind, const void *msg, struct pm_mono now);
void brain_on_sheriff(struct brain *brain, enum pm_msg kind, const void *msg, struct pm_mono now);

/* The connection to the sheriff was made, or is gone. */
void brain_on_link(struct brain *brain, bool connected, struct pm_mono now);

/* Somebody follows (or no longer follows) the output of the process with this number. */
void brain_on_follow(struct brain *brain, uint64_t id, bool on);

/* The last pipe of this run of the process came to its end. */
void brain_on_drained(struct brain *brain, const char *group, const char *name, uint64_t run);

/* The last lines that run wrote, and the address after them. */
void brain_on_last(struct brain *brain, const char *group, const char *name, uint64_t run,
                   uint64_t end, struct pm_blob lines, struct pm_mono now);

/* The output of this process cannot be written, a sentence; NULL: it can again. */
void brain_on_trouble(struct brain *brain, const char *group, const char *name,
                      const char *trouble);

/* The mover has read: pass it on. bytes->session is filled in. */
void brain_on_bytes(struct brain *brain, struct pm_bytes *bytes);

/* These strays were found, and ended if that was asked for. */
void brain_on_swept(struct brain *brain, uint64_t request, const struct pm_stray_list *found);

void brain_turn(struct brain *brain, struct pm_mono now);
struct pm_mono brain_next(const struct brain *brain); /* when to call it at the latest */

/* The session for statistics, 0 = none; and every process, in order. */
uint64_t brain_session(const struct brain *brain);

struct brain_life { /* what those who look at /proc need to know of one process */
    uint64_t id, slot, run;
    int64_t pid;                /* 0: nothing lives, or its birth is not told yet */
    bool alive;                 /* the life is not over */
    bool weighed;               /* its memory is of interest: brain_on_weight */
    struct output_file *output;
};
size_t brain_count(const struct brain *brain);
struct brain_life brain_life(const struct brain *brain, size_t index);

#endif
