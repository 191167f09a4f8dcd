/* What the shells of the brain share: the pieces, and how the core acts on them. */
#ifndef BRAIN_SHELL_H
#define BRAIN_SHELL_H

#include "brain/asker_io.h"
#include "brain/brain.h"
#include "brain/ears_io.h"
#include "brain/notify_io.h"
#include "brain/oom_io.h"
#include "brain/output.h"
#include "brain/past_io.h"
#include "brain/sampler_io.h"
#include "brain/sheriff_io.h"
#include "brain/sweep_io.h"
#include "keeper/wire.h"

struct shell {
    struct brain *brain;
    struct pm_wire *wire;
    struct sheriff_io *sheriff;
    struct output *output;
    struct sampler *sampler;
    struct asker *asker;             /* of ports and URLs */
    struct ears *ears;               /* for commands that look whether a process is well */
    struct notify notify;            /* for processes that say it themselves */
    struct pm_wire_message *in_hand; /* the keeper's message being told: its pipes are to collect */
    struct past_file *past;          /* NULL: it could not be opened */
    struct oom oom;
    struct sweep sweep;
    char *wish_path;
    bool wish_failed, past_failed;   /* said already */
    unsigned short dice[3];
    bool unheard;                    /* pipes were lost: no descriptors left */
    bool over;                       /* the loop ends */
};

/* The brain's port; its self is a struct shell. */
extern const struct brain_port shell_port;

/* keeper_io.c: tell the brain what the keeper says, at most `most` messages. */
void keeper_hear(struct shell *shell, int most);

/* Tell the brain what the sheriff, the mover, the followers say. */
void shell_hear_sheriff(struct shell *shell, int most);
void shell_hear_link(struct shell *shell);
void shell_hear_followers(struct shell *shell);
void shell_hear_mover(struct shell *shell, int most);
bool shell_hear_asker(struct shell *shell); /* true: something was told */

void shell_weigh(struct shell *shell); /* what may not use too much memory */

/* loop_io.c: until it is over. OK | IO errno is set: it could not be begun */
enum pm_err shell_loop(struct shell *shell, const char *name) PM_MUST_USE;

#endif
