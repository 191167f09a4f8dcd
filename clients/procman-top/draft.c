/* Stages go one way: asked, then faulty or planned; sent, then done or faulty. Esc leaves at any
 * of them but the last, where there is nothing left to prevent. */
#include "app.h"
#include "draw.h"

#include <stdlib.h>
#include <string.h>

static void clear(struct draft *draft)
{
    free(draft->title);
    free(draft->fault);
    *draft = (struct draft){ 0 };
}

void draft_begin(struct app *app, char *title, bool written)
{
    clear(&app->draft);
    app->draft = (struct draft){ .stage = DRAFT_ASKED, .title = title, .written = written };
    app->view = VIEW_DRAFT;
    app->page.top = 0;
}

void draft_fault(struct app *app, const char *text)
{
    struct draft *draft = &app->draft;

    if (draft->stage == DRAFT_NONE)
        return; /* it was dropped while somebody thought about it */
    free(draft->fault);
    draft->fault = pm_strdup(text);
    draft->stage = DRAFT_FAULTY;
}

void draft_plan(struct app *app, const struct pm_plan *plan)
{
    struct draft *draft = &app->draft;

    if (draft->stage != DRAFT_ASKED)
        return;
    draft->changes = plan->changes;
    draft->left_out = plan->left_out;
    draft->stage = DRAFT_PLANNED;
}

void draft_drop(struct app *app)
{
    clear(&app->draft);
    app->view = VIEW_TABLE;
    app->page.top = 0;
}

void draft_done(struct app *app)
{
    PM_CLEANUP(pm_free) char *title = pm_strdup(app->draft.title ? app->draft.title : "");

    if (app->draft.stage != DRAFT_SENT)
        return;
    draft_drop(app);
    app_say(app, LOOK_GOOD, app->now, "%s: done", title);
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* Is there anything that a yes would do? */
static bool does_something(const struct draft *draft)
{
    for (size_t i = 0; i < draft->changes.n; i++)
        if (draft->changes.at[i].action != PM_ACTION_NONE)
            return true;
    return draft->left_out > 0;
}

static void leave(struct app *app)
{
    if (app->draft.stage == DRAFT_SENT)
        return;
    draft_drop(app);
    app->port->drop(app->self);
    app_say(app, LOOK_FAINT, app->now, "nothing was done");
}

static void turn_page(struct app *app, enum action action)
{
    size_t height = app->table_height > 0 ? (size_t)app->table_height : 1;

    switch (action) {
    case ACTION_UP:        page_move(&app->page, -1, height); break;
    case ACTION_DOWN:      page_move(&app->page, 1, height); break;
    case ACTION_PAGE_UP:   page_move(&app->page, -(long)height, height); break;
    case ACTION_PAGE_DOWN: page_move(&app->page, (long)height, height); break;
    case ACTION_FIRST:     page_move(&app->page, -(long)app->page.n, height); break;
    case ACTION_LAST:      page_move(&app->page, (long)app->page.n, height); break;
    default:               break;
    }
}

void draft_key(struct app *app, uint32_t key)
{
    struct draft *draft = &app->draft;

    if ((key == 'y' || key == 'Y') && draft->stage == DRAFT_PLANNED) {
        draft->stage = DRAFT_SENT;
        app->port->go_on(app->self);
    } else if (key == 'e' && draft->written
               && (draft->stage == DRAFT_FAULTY || draft->stage == DRAFT_PLANNED)) {
        draft->stage = DRAFT_ASKED;
        app->port->write_again(app->self);
    } else if (key == 'n' || key == 'N' || key == 'q' || key == KEY_ESCAPE) {
        leave(app);
    } else {
        turn_page(app, keymap_find(&app->keymap, key, IN_TEXT));
    }
}

/* ---- the page -------------------------------------------------------------------------------- */

static enum look look_of(enum pm_action action)
{
    switch (action) {
    case PM_ACTION_ADD:
        return LOOK_GOOD;
    case PM_ACTION_REMOVE:
        return LOOK_BAD;
    case PM_ACTION_NONE:
        return LOOK_FAINT;
    default:
        return LOOK_CHANGING;
    }
}

static char *words_of(const struct pm_change *change)
{
    char *text = *change->from ? pm_printf("from %s", change->from) : pm_strdup("");

    for (size_t i = 0; i < change->fields.n; i++) {
        char *longer = pm_printf("%s%s%s", text, *text ? ", " : "", change->fields.at[i]);
        free(text);
        text = longer;
    }
    return text;
}

static void add_change(struct page *page, const struct pm_change *change)
{
    PM_CLEANUP(pm_free) char *words = words_of(change);
    PM_CLEANUP(pm_free) char *name = pm_printf("%s%s%s@%s", change->group,
                                               *change->group ? "/" : "", change->name,
                                               change->host);

    page_add(page, look_of(change->action), " %-8s %-40s %s",
             pm_word(&pm_action_words, (int)change->action), name, words);
}

static void add_lines(struct page *page, enum look look, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        page_add(page, look, " %.*s", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

/* What changes nothing comes last: in a big fleet it is most of it. */
static void add_plan(struct page *page, const struct draft *draft)
{
    size_t same = 0;

    for (size_t i = 0; i < draft->changes.n; i++) {
        if (draft->changes.at[i].action == PM_ACTION_NONE)
            same++;
        else
            add_change(page, &draft->changes.at[i]);
    }
    if (draft->left_out > 0)
        page_add(page, LOOK_CHANGING, " and %llu changes more",
                 (unsigned long long)draft->left_out);
    if (same > 0)
        page_add(page, LOOK_FAINT, " %zu stay%s as %s", same, same == 1 ? "s" : "",
                 same == 1 ? "it is" : "they are");
    if (!does_something(draft))
        page_add(page, LOOK_PLAIN, " It would change nothing.");
}

void draft_page(struct app *app)
{
    const struct draft *draft = &app->draft;

    page_clear(&app->page);
    page_title(&app->page, draft->title ? draft->title : "");
    if (draft->stage == DRAFT_ASKED)
        page_add(&app->page, LOOK_FAINT, " asking the sheriff what it would do …");
    else if (draft->stage == DRAFT_FAULTY)
        add_lines(&app->page, LOOK_BAD, draft->fault);
    else
        add_plan(&app->page, draft);
}

const char *draft_question(const struct app *app)
{
    const struct draft *draft = &app->draft;

    switch (draft->stage) {
    case DRAFT_PLANNED:
        return draft->written ? "Do this?   [y]es   [N]o   [e]dit again"
                              : "Do this?   [y]es   [N]o";
    case DRAFT_FAULTY:
        return draft->written ? "[e]dit again   Esc drops it" : "Esc goes back";
    case DRAFT_SENT:
        return "it is being done …";
    default:
        return "Esc goes back";
    }
}
