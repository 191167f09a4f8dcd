/* Orders to the sheriff: for what is tagged, for the cursor's row, or for typed selectors. More
 * than one process is stopped or restarted only after a yes that saw their names. */
#include "orders.h"

#include <procman/text.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Signals one sends by hand, the usual first. */
static const int menu_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGKILL, SIGSTOP, SIGCONT,
                                    SIGUSR1, SIGUSR2, SIGWINCH, SIGABRT, SIGSEGV };

int orders_menu(size_t n)
{
    return n < PM_COUNT(menu_signals) ? menu_signals[n] : 0;
}

/* ---- orders ---------------------------------------------------------------------------------- */

static void send_question(struct app *app)
{
    struct question *question = &app->question;

    app->port->order(app->self, question->verb, question->signal, (const char **)question->select,
                     question->n);
    app_ask_no_more(app);
}

static bool must_ask(enum pm_verb verb, size_t n)
{
    return verb == PM_VERB_REMOVE || (n > 1 && verb != PM_VERB_START);
}

/* An order for what is tagged, or for the cursor's row. */
void orders_give(struct app *app, enum pm_verb verb, int64_t signal, struct pm_mono now)
{
    size_t n;
    const struct pm_proc **targets = model_targets(app->model, &n);
    struct question *question = &app->question;

    if (n == 0) {
        app_say(app, LOOK_CHANGING, now, "there is no process here");
        free(targets);
        return;
    }
    app_ask_no_more(app);
    *question = (struct question){ .open = true, .verb = verb, .signal = signal, .n = n,
                                   .select = pm_resize(NULL, n, sizeof(char *)),
                                   .names = pm_resize(NULL, n, sizeof(char *)) };
    for (size_t i = 0; i < n; i++) {
        question->select[i] = app_select(targets[i]);
        question->names[i] = app_name(targets[i]);
    }
    free(targets);
    if (!must_ask(verb, n))
        send_question(app);
}

void orders_answer(struct app *app, uint32_t key, struct pm_mono now)
{
    if (key == 'y' || key == 'Y') {
        send_question(app);
    } else if (key == 'n' || key == 'N' || key == KEY_ESCAPE || key == KEY_RETURN || key == 'q') {
        app_ask_no_more(app);
        app_say(app, LOOK_FAINT, now, "nothing was done");
    }
}

void orders_menu_key(struct app *app, uint32_t key, struct pm_mono now)
{
    struct menu *menu = &app->menu;

    if (key == KEY_ARROW_UP || key == 'k')
        menu->cursor = (menu->cursor + PM_COUNT(menu_signals) - 1) % PM_COUNT(menu_signals);
    else if (key == KEY_ARROW_DOWN || key == 'j')
        menu->cursor = (menu->cursor + 1) % PM_COUNT(menu_signals);
    else if (key == KEY_ESCAPE || key == 'q')
        menu->open = false;
    if (key != KEY_RETURN)
        return;
    menu->open = false;
    orders_give(app, PM_VERB_SIGNAL, menu_signals[menu->cursor], now);
}

/* ---- words typed behind ':' ------------------------------------------------------------------ */

/* "start drivers/ !cam": a verb of procmanctl and its selectors. */
static bool try_verb(struct app *app, char **words, size_t n, struct pm_mono now)
{
    int verb = pm_word_value(&pm_verb_words, words[0]);
    int64_t signal = 0;
    size_t first = verb == PM_VERB_SIGNAL ? 2 : 1;

    if (verb <= PM_VERB_NONE || n <= first)
        return false;
    if (!app_can_change(app)) {
        app_say(app, LOOK_BAD, now, "only looking is allowed here");
        return true;
    }
    if (verb == PM_VERB_SIGNAL && pm_parse_signal(words[1], &signal) != PM_OK) {
        app_say(app, LOOK_BAD, now, "\"%s\" is no signal: write it as HUP, SIGUSR1 or 10",
                words[1]);
        return true;
    }
    app->port->order(app->self, (enum pm_verb)verb, signal, (const char **)words + first,
                     n - first);
    return true;
}

/* "apply FILE", "run SCRIPT" */
static bool try_one_word(struct app *app, char **words, size_t n, struct pm_mono now)
{
    enum action action = n == 2 ? action_by_word(words[0]) : ACTION_NONE;

    if (action != ACTION_APPLY && action != ACTION_RUN)
        return false;
    if (!app_can_change(app))
        app_say(app, LOOK_BAD, now, "only looking is allowed here");
    else if (action == ACTION_APPLY)
        app->port->apply_file(app->self, words[1]);
    else
        app->port->run(app->self, words[1]);
    return true;
}

void orders_typed(struct app *app, const char *text, struct pm_mono now)
{
    PM_CLEANUP(pm_free) char *copy = pm_strdup(text);
    char *words[PROMPT_BYTES / 2], *rest = NULL;
    size_t n = 0;

    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[n++] = word;
    if (n == 0)
        return;
    if (try_verb(app, words, n, now))
        return;
    if (try_one_word(app, words, n, now))
        return;
    if (n == 1 && action_by_word(words[0]) != ACTION_NONE)
        app_do(app, action_by_word(words[0]), now);
    else
        app_say(app, LOOK_BAD, now, "\"%s\" is no action (see ?) and no verb with selectors, as in "
                "start drivers/", words[0]);
}
