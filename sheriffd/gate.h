/* What a deputy may be told now, of a process that depends on others or on which others depend.
 *
 * The wish is the operators' word and stays what it is; the gate is what of it has gone out. */
#ifndef SHERIFFD_GATE_H
#define SHERIFFD_GATE_H

#include "sheriffd/fleet.h"
#include "sheriffd/graph.h"

/* A told process has ended by its stop timeout; its deputy may need this long to say so. */
#define GATE_GRACE_MS 5000

enum edge_judgement { EDGE_MET, EDGE_WAITS, EDGE_FAILED };

/* Is what `from` needs of `to` there? */
enum edge_judgement gate_judge(const struct edge *edge);

/* Its deputy has begun a session and said what it has: that is what it was told. */
void gate_learn(struct node *node, struct pm_mono now);

/* What has changed by a look: bits. */
#define GATE_NEWS_TOLD  1u /* the deputy is to be told gate.up and gate.order */
#define GATE_NEWS_HOLD  2u /* people see another state */
#define GATE_NEWS_FALLS 4u

unsigned gate_look(struct node *node, struct pm_mono now);

/* Which wait for each other to end would do so for ever: the first of them goes. */
unsigned gate_break(struct node *node, struct pm_mono now);

/* What its deputy is told of it. */
struct pm_want gate_want(const struct wish *wish);
/* It is being removed, but its deputy is not to know before what depends on it has ended. */
bool gate_keeps(const struct wish *wish);

/* Was it never begun since a move, and may it live where it was before? True of one that waits for
 * something else, too, or whose move is not stored yet. */
bool gate_awaits_left(const struct desired *d, const struct wish *wish);

/* Is it held down, to people: waiting, or failed by what it depends on? */
bool gate_waits(const struct wish *wish);
bool gate_failed(const struct wish *wish);

/* gate_text.c: why it is held, for people: "for lidar@rig08: not ready 3 s". Empty when it is not.
 * Returns text. */
#define GATE_TEXT_SIZE 1200 /* holds two labels and a reason */
const char *gate_text(const struct wish *wish, struct pm_mono now, char *text);

#endif
