/* A change of the fleet before it is one: a file, or what was written in an editor, and what the
 * sheriff says it would do. It is shown as a page, and done only after a yes. */
#ifndef TOP_DRAFT_H
#define TOP_DRAFT_H

#include <procman/schema.h>

struct app;

enum draft_stage {
    DRAFT_NONE,
    DRAFT_ASKED,         /* somebody is asked: the sheriff what it would do */
    DRAFT_FAULTY,        /* it is not right; `fault` says what */
    DRAFT_PLANNED,       /* `changes` say what it would do */
    DRAFT_SENT,          /* and that is being done */
};

struct draft {
    enum draft_stage stage;
    char *title;                    /* "apply fleet.yaml", heap */
    char *fault;                    /* lines, heap */
    struct pm_change_list changes;  /* borrowed */
    uint64_t left_out;              /* changes that are not listed */
    bool written;                   /* in an editor: it can be taken up again */
};

/* Begin another one; title is taken, heap. */
void draft_begin(struct app *app, char *title, bool written);
void draft_fault(struct app *app, const char *text);
void draft_plan(struct app *app, const struct pm_plan *plan);
void draft_done(struct app *app);          /* all that was planned has been done */
void draft_drop(struct app *app);

void draft_key(struct app *app, uint32_t key);
void draft_page(struct app *app);          /* fills app->page */
const char *draft_question(const struct app *app); /* for the line above the keys */

#endif
