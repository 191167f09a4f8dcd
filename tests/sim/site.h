/* One machine: a keeper, its brain as a real core, and the socket to the sheriff. */
#ifndef SIM_SITE_H
#define SIM_SITE_H

#include "sim/keeper_model.h"
#include "sim/pipe.h"
#include "sim/world.h"

struct brain;
struct connection;
struct output_file;

struct site {
    struct world *w;
    char name[SIM_NAME];
    struct keeper keeper;
    struct brain *brain;         /* NULL: none at the moment */
    uint64_t life;               /* tag of deeds about this brain */
    int64_t turn_at_ms;
    int64_t born_ms;             /* when that brain began */
    int64_t heard_ms;            /* the last sign of the sheriff that a brain lived to note */
    int64_t hears_ms;            /* one that it has not noted yet; 0 = none */
    int64_t told_ms;             /* one that reached a brain, whatever became of it */
    uint64_t spoken;             /* words to the keeper, to see whether a message had an effect */
    struct pm_buf wish;          /* the file `wish` */
    struct pm_kept_end *past;    /* the file `past` */
    size_t n_past;
    struct pm_arena past_arena;  /* holds it */
    struct output_file *outputs; /* of its mover */
    bool pipes_in_hand;          /* beside the message just told */
    struct connection *line;     /* to the sheriff; NULL: none */
    uint64_t dials;              /* tag of attempts to connect */
    int64_t silent_until_ms;     /* nothing passes between it and the sheriff */
};

void sites_open(struct world *w);
void sites_close(struct world *w);

void site_begin_brain(struct site *site);
void site_forget(struct site *site);     /* its files go with a machine that is restarted */
void site_kill_brain(struct site *site); /* without a word; the keeper is not told */

void site_on_keeper(struct site *site, struct letter *letter);
void site_wake_soon(struct site *site);
void site_on_sheriff(struct site *site, struct letter *letter);
void site_on_link(struct site *site, bool connected);

#endif
