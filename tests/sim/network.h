/* Connections between deputies and the sheriff, as libzmq's DEALER and ROUTER make them.
 *
 * Within one connection nothing is lost and nothing overtakes; a cut loses all but a beginning of
 * what was on its way, and what remains may arrive after the first words of the next connection.
 * Each end learns of the other's end in its own time, and of a silent network by heartbeats. */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "sim/pipe.h"
#include "sim/world.h"

struct connection {
    struct site *site;
    uint64_t twin;                /* not this site's own, but of another of its name; see twin.h */
    uint64_t number;              /* what the sheriff calls its peer */
    bool at_deputy, at_sheriff;   /* that end takes it for open */
    struct pipe to_deputy, to_sheriff;
};

struct network { struct connection **at; size_t n, cap; };

void network_open(struct world *w);
void network_close(struct world *w);

/* false: nobody is there, or there is no room */
bool network_to_sheriff(struct site *site, enum pm_msg kind, const void *msg);
bool network_to_deputy(struct world *w, uint64_t peer, enum pm_msg kind, const void *msg);

struct connection *network_peer(const struct world *w, uint64_t peer);

/* For somebody who is not the brain of this site, but says so; it has a way of its own. */
struct connection *network_connect_twin(struct site *site);
bool network_say(struct connection *c, enum pm_msg kind, const void *msg);
void network_leave(struct connection *c);

void network_dial(struct site *site);    /* the brain's socket tries until there is a connection */
void network_hang_up(struct site *site); /* its end closes the connection, if there is one */
void network_cut(struct site *site);     /* somebody between the two resets it */
void network_silence(struct site *site, int64_t ms); /* nothing passes */
void network_sheriff_died(struct world *w);

#endif
