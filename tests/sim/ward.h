/* What the orders of the operator say of one process. */
#ifndef SIM_WARD_H
#define SIM_WARD_H

#include "sim/operator.h"

struct draft { /* of one ward's spec */
    char command[32];
    unsigned version;
    bool autostart;
    bool live;                   /* the sheriff says that the life it has goes on */
    const struct ward *from;     /* he says that it moves from there; NULL: it does not */
    bool from_sure, up, held;    /* how that was before */
};

struct request {
    struct request *next;
    uint64_t number;
    enum pm_msg kind;
    enum pm_verb verb;
    enum pm_apply_mode mode;
    bool prune, wait, crossed;   /* crossed: another speaks of the same wards */
    int64_t sent_ms;
    struct ward **wards;
    struct draft *drafts;        /* of an apply, one for each ward */
    bool *gone;                  /* of all wards: the plan removes it */
    size_t n;
};

void request_free(struct request *request);
/* A file that names a process on one host speaks of it on all: it may move, or be no more there. */
bool request_speaks_of(const struct request *request, const struct ward *ward);

#define ATTENDED_MS 5000 /* a silence of the sheriff that ends an attended ward's life */
bool ward_is_attended(const struct ward *ward);

struct pm_spec ward_spec(const struct ward *ward, const struct draft *draft); /* borrows both */
void ward_obey(struct world *w, struct ward *ward, const struct request *request, size_t at);
void ward_label(const struct ward *ward, char *text, size_t size);

#endif
