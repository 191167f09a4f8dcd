/* The program without its terminal and its sheriff: keys and news in, a picture and wishes out.
 *
 * Nothing here waits, reads a clock or writes; time is an argument, and what shall happen in the
 * world goes through one port. Tests play both sides. */
#ifndef TOP_APP_H
#define TOP_APP_H

#include "draft.h"
#include "history.h"
#include "keys.h"
#include "model.h"
#include "page.h"
#include "port.h"
#include "prompt.h"
#include "scroll.h"
#include "specs.h"

#include <procman/time.h>

enum view { VIEW_TABLE, VIEW_LOGS, VIEW_DETAILS, VIEW_EVENTS, VIEW_HOSTS, VIEW_SHERIFF,
            VIEW_GRAPH, VIEW_SCRIPTS, VIEW_DRAFT, VIEW_HELP };
enum pane { PANE_OFF, PANE_HALF, PANE_LARGE, PANE_COUNT };

/* ---- what is asked --------------------------------------------------------------------------- */

struct question { /* shall these be …? */
    bool open;
    enum pm_verb verb;
    int64_t signal;
    char **select, **names;        /* n of each, heap */
    size_t n;
};

struct menu { bool open; size_t cursor; }; /* of signals */

/* ---- the sheriff ----------------------------------------------------------------------------- */

struct sheriff {
    bool up;
    char *host, *software, *why; /* why: what keeps it away; heap */
    uint64_t uptime_ms;
};

/* What the last line of a process's output was, as far as it was asked for. */
struct last_line { uint64_t id, end; char *text; };

struct app {
    const struct app_port *port;
    void *self;
    struct keymap keymap;
    struct model *model;
    struct history *history;
    struct scroll *scroll;
    struct page page;
    struct specs *specs;

    struct pm_proc_list procs;       /* the view's; borrowed until the next app_fleet() */
    struct pm_deputy_list deputies;
    struct sheriff sheriff;
    bool read_only, may_command, frozen, mouse, quit, all_folded;
    size_t theme;
    struct pm_wall wall;             /* as of this turn, for people */
    struct pm_mono now;              /* likewise, for pauses */

    enum view view, under;           /* under: where Esc leads */
    enum pane pane;
    bool in_pane;                    /* keys are for the log pane */
    bool wrap, times;
    enum scroll_streams streams;
    enum since since;
    size_t sideways;                 /* columns of long lines that are left out */
    uint64_t *followed;              /* whose logs are shown */
    size_t n_followed;
    bool pinned;                     /* they stay, though the cursor moves */
    struct pm_mono followed_at;
    bool follow_late;                /* the cursor stands on another one: see app_turn() */
    int table_height, log_height;    /* of the last picture: what a page is */
    int head_row, table_row, log_row, keys_row; /* and where things were, for the mouse */
    size_t table_first;              /* the model's row that was in table_row */
    int cols;

    char filter[PROMPT_BYTES + 1], search[PROMPT_BYTES + 1], lines[PROMPT_BYTES + 1];
    struct prompt prompt;
    struct question question;
    struct draft draft;
    struct menu menu;
    char said[300];                  /* the line above the key bar */
    enum look said_look;
    struct pm_mono said_until;

    struct last_line *last;          /* sorted by id */
    size_t n_last;

    /* What was asked for and has come; borrowed from whoever gave it. */
    uint64_t details_id;
    const struct pm_spec *spec;      /* NULL: not yet */
    bool shows_values;               /* of its environment; forgotten when one goes back */
    struct pm_past_life_list past;
    struct pm_event_list happened;
    struct pm_script_list scripts;
    bool scripts_known;
    const struct pm_script_run *run; /* in hand, or the last; NULL, or number 0: none */
};

struct app *app_new(const struct app_port *port, void *self) PM_MUST_USE;
void app_close(struct app **app);

/* ---- news ------------------------------------------------------------------------------------ */

/* The fleet as it is now; the lists are borrowed until the next call. */
void app_fleet(struct app *app, struct pm_proc_list procs, struct pm_deputy_list deputies);
void app_second(struct app *app);                              /* once a second: history */
/* In every turn: the cursor's logs are asked for at most each FOLLOW_MS. */
void app_turn(struct app *app, struct pm_mono now);
#define FOLLOW_MS 100
/* How the lives of that process ended, borrowed. false: nobody looks at it any more. */
bool app_past(struct app *app, uint64_t id, struct pm_past_life_list past);
void app_specs(struct app *app, struct pm_spec_list list, struct pm_proc_list procs);
bool app_wants_specs(const struct app *app);
void app_sheriff(struct app *app, bool up, const char *why);
void app_last_line(struct app *app, uint64_t id, uint64_t end, const char *text, size_t n);
const struct last_line *app_last_of(const struct app *app, uint64_t id);
void app_say(struct app *app, enum look look, struct pm_mono now, const char *format, ...)
    PM_PRINTF(4, 5);

/* ---- keys ------------------------------------------------------------------------------------ */

void app_key(struct app *app, uint32_t key, struct pm_mono now);
void app_do(struct app *app, enum action action, struct pm_mono now);
void app_click(struct app *app, int row, int col, bool twice, struct pm_mono now);
void app_wheel(struct app *app, int row, long lines);
const struct pm_proc *app_proc(const struct app *app, uint64_t id); /* NULL: it is no more */
enum where app_where(const struct app *app);
bool app_can_change(const struct app *app);

void app_ask_no_more(struct app *app);                         /* the question is answered */
void app_follow(struct app *app, const uint64_t *ids, size_t n); /* show their logs */
void app_follow_anew(struct app *app);
void app_follow_cursor(struct app *app);

/* ---- the picture ----------------------------------------------------------------------------- */

void app_draw(struct app *app, struct canvas *canvas, struct pm_mono now);

/* group/name@host, as people write it; heap. */
char *app_name(const struct pm_proc *proc) PM_MUST_USE;
/* A selector that means that process and no other; heap. */
char *app_select(const struct pm_proc *proc) PM_MUST_USE;

#endif
