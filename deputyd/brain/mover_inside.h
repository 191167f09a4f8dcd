/* What the parts of the mover share; nobody else includes this. All of it is the actor's. */
#ifndef BRAIN_MOVER_INSIDE_H
#define BRAIN_MOVER_INSIDE_H

#include "brain/mover.h"
#include "brain/output_store.h"

struct tap {                     /* one pipe, or one terminal */
    struct output_file *file;
    struct output_run *run;
    int fd;
    enum pm_stream stream;
    bool enlarged;
    bool is_terminal;
    char *held;                  /* of a terminal: read and not yet written */
    size_t n_held;
    struct tap *next;
};

struct asked { /* for the last lines of a run */
    struct output_file *file;
    uint64_t run;
    struct pm_mono asked;
    struct asked *next;
};

struct mover {
    void *socket;                /* our end of the actor's pipe */
    struct mover_shared *shared;
    int epoll;
    struct output_store store;
    struct output_file *files;
    size_t troubled;             /* files that wait for their retry */
    bool emptied;                /* a file that nobody needs may be among them */
    struct asked *waiting;       /* whose pipes are still open */
    struct asked *due, **last_due; /* to be answered, a few in a turn */
    size_t seeking;              /* files in which a line is sought */
    bool behind;                 /* and not all of them are searched */
    struct pm_mono disk_at;
    bool unread;                 /* there are more orders than one turn has time for */
    bool ending;
};

/* mover_news_io.c. `data` and `marks` are heap and given away; NULL: none */
void mover_tell(struct mover *m, const struct mover_news *news, void *data, size_t n,
                void *marks, size_t n_marks);
void mover_name(const struct output_file *file, struct mover_news *news);
void mover_show_end(struct mover *m, const struct output_file *file, uint64_t id);
/* The last n bytes of its file, to its followers. */
void mover_show(struct mover *m, const struct tap *tap, size_t n);
void mover_answer_read(struct mover *m, struct output_file *file, const struct pm_read *read);
void mover_ask_last(struct mover *m, struct output_file *file, uint64_t run);
void mover_last_drained(struct mover *m, const struct output_file *file, uint64_t run);
/* Of those whose pipes have ended, or who have waited long enough for that: some. */
void mover_answer_last(struct mover *m, struct pm_mono now);
void mover_forget_asked(struct mover *m);

/* mover_seek_io.c; `pattern` is heap and given away */
void mover_seek(struct mover *m, struct output_file *file, uint64_t run, char *pattern);
void mover_seek_end(struct mover *m, struct output_file *file);
bool mover_seek_on(struct mover *m); /* a portion of each. true: there is more at once */

/* mover_move_io.c */
void mover_take(struct mover *m, struct output_file *file, struct output_run *run,
                enum pm_stream stream, int fd);
void mover_on_ready(struct mover *m, struct tap *tap);
void mover_try_again(struct mover *m, struct pm_mono now);    /* whose pause is over */
void mover_drain(struct mover *m, struct output_file *file, int moves); /* of each tap */
/* What is in its pipes stays there; what is in our hands only is lost, and counted. */
void mover_leave(struct mover *m, struct output_file *file);

#endif
