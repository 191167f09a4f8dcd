/* Scripts as they were applied: a set that is replaced whole, so that a transaction that fails
 * leaves the one before. In the store each is a note of its own, and only what differs is written.
 */
#include "sheriffd/scripts.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

#define KEY "script/" /* and its name */

static void set_fini(struct script_set *set)
{
    pm_arena_fini(&set->arena);
    *set = (struct script_set){ 0 };
}

void scripts_fini(struct scripts *scripts)
{
    set_fini(&scripts->now);
    set_fini(&scripts->next);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pm_script *)a)->name, ((const struct pm_script *)b)->name);
}

static const struct pm_script *find(const struct pm_script_list *list, const char *name)
{
    struct pm_script key = { .name = name };

    return list->n > 0 ? bsearch(&key, list->at, list->n, sizeof key, by_name) : NULL;
}

/* ---- strangers' ---------------------------------------------------------------------- */

/* Are the steps from `at` to `to` inside each other as they should be? */
static const char *steps_fault(const struct pm_step *steps, size_t at, size_t to)
{
    const char *fault = NULL;

    for (; at < to && fault == NULL; at += 1 + steps[at].span) {
        const struct pm_step *step = &steps[at];
        bool selects = step->verb == PM_STEP_VERB_START || step->verb == PM_STEP_VERB_STOP ||
                       step->verb == PM_STEP_VERB_RESTART;

        if (step->verb == PM_STEP_VERB_NONE)
            return "a step does nothing";
        if (selects && step->select.n == 0)
            return "a step names no process";
        if (step->span > to - at - 1 || (step->span > 0 && step->verb != PM_STEP_VERB_PARALLEL))
            return "its steps are not inside each other as they should be";
        if (step->timeout_ms > PM_LIMIT_PERIOD_MS || step->sleep_ms > PM_LIMIT_PERIOD_MS)
            return "a step takes too long";
        fault = steps_fault(steps, at + 1, at + 1 + step->span);
    }
    return fault;
}

char *scripts_fault(const struct pm_script_list *scripts)
{
    if (scripts->n > PM_LIMIT_SCRIPTS)
        return pm_printf("more than %d scripts", PM_LIMIT_SCRIPTS);
    for (size_t i = 0; i < scripts->n; i++) {
        const struct pm_script *script = &scripts->at[i];
        const char *fault = *script->name != '\0' ? pm_group_fault(script->name)
                                                  : "a script has a name";

        if (fault == NULL && script->steps.n > PM_LIMIT_STEPS)
            fault = "it has too many steps";
        if (fault == NULL)
            fault = steps_fault(script->steps.at, 0, script->steps.n);
        if (fault != NULL)
            return pm_printf("script '%s': %s", script->name, fault);
    }
    return NULL;
}

/* ---- the set -------------------------------------------------------------------------- */

/* Room for so many more than it has; a set never grows beyond. */
static void make_room(struct script_set *set, size_t most)
{
    if (set->arena.limit == 0)
        pm_arena_init(&set->arena, SIZE_MAX); /* each came in a message, or a row */
    set->list.at = pm_arena_get(&set->arena, (most + 1) * sizeof *set->list.at);
    pm_assert(set->list.at != NULL);
}

static void add(struct script_set *set, const struct pm_script *script)
{
    enum pm_err err = pm_copy(&pm_script_desc, script, &set->arena,
                              &set->list.at[set->list.n++]);

    pm_assert(err == PM_OK);
}

bool scripts_load(struct scripts *scripts, const struct image_note *note)
{
    struct script_set *set = &scripts->now;
    struct pm_script script;

    if (strncmp(note->key, KEY, strlen(KEY)) != 0)
        return false;
    if (set->list.at == NULL)
        make_room(set, PM_LIMIT_SCRIPTS);
    if (set->list.n == PM_LIMIT_SCRIPTS ||
        pm_decode(&pm_script_desc, note->bytes, note->n, &set->arena, &script, NULL) != PM_OK)
        return false;
    struct pm_script_list one = { .at = &script, .n = 1 };
    char *fault PM_CLEANUP(pm_free) = scripts_fault(&one);

    if (fault != NULL)
        return false;
    set->list.at[set->list.n++] = script;
    qsort(set->list.at, set->list.n, sizeof script, by_name);
    return true;
}

/* "FILE:LINE" of that very file? */
static bool defined_by(const char *origin, const char *file)
{
    const char *colon = strrchr(origin, ':');
    size_t n = strlen(file);

    return colon != NULL && (size_t)(colon - origin) == n && strncmp(origin, file, n) == 0;
}

static bool is_given(const struct pm_script_list *given, const char *name)
{
    for (size_t i = 0; i < given->n; i++)
        if (strcmp(given->at[i].name, name) == 0)
            return true;
    return false;
}

/* As it was before this request, of this transaction or not. */
static const struct script_set *set_before(const struct scripts *scripts)
{
    return scripts->changing ? &scripts->next : &scripts->now;
}

static bool stays(const struct pm_script *script, const struct pm_script_list *given, bool prune,
                  const char *file)
{
    bool goes = prune && (file == NULL || defined_by(script->origin, file));

    return !goes && !is_given(given, script->name);
}

bool scripts_fit(const struct scripts *scripts, const struct pm_script_list *given, bool prune,
                 const char *file)
{
    const struct pm_script_list *before = &set_before(scripts)->list;
    size_t n = given->n;

    for (size_t i = 0; i < before->n; i++)
        n += stays(&before->at[i], given, prune, file);
    return given->n == 0 || n <= PM_LIMIT_SCRIPTS;
}

void scripts_apply(struct scripts *scripts, const struct pm_script_list *given, bool prune,
                   const char *file)
{
    struct script_set before = *set_before(scripts), next = { 0 };

    make_room(&next, before.list.n + given->n);
    for (size_t i = 0; i < before.list.n; i++)
        if (stays(&before.list.at[i], given, prune, file))
            add(&next, &before.list.at[i]);
    for (size_t i = 0; i < given->n; i++)
        add(&next, &given->at[i]);
    qsort(next.list.at, next.list.n, sizeof *next.list.at, by_name);
    if (scripts->changing)
        set_fini(&scripts->next);
    scripts->next = next;
    scripts->changing = true;
}

/* ---- the transaction -------------------------------------------------------------------- */

static enum pm_err note(struct batch *batch, const char *name, const struct pm_script *script)
{
    char *key = pm_printf(KEY "%s", name);
    enum pm_err err = batch_add_note(batch, key, &pm_script_desc, script);

    free(key);
    return err;
}

enum pm_err scripts_store(const struct scripts *scripts, struct batch *batch)
{
    const struct pm_script_list *now = &scripts->now.list, *next = &scripts->next.list;
    enum pm_err err = PM_OK;

    if (!scripts->changing)
        return PM_OK;
    for (size_t i = 0; i < now->n && err == PM_OK; i++)
        if (find(next, now->at[i].name) == NULL)
            err = note(batch, now->at[i].name, NULL);
    for (size_t i = 0; i < next->n && err == PM_OK; i++) {
        const struct pm_script *before = find(now, next->at[i].name);

        if (before == NULL || !pm_same(&pm_script_desc, before, &next->at[i]))
            err = note(batch, next->at[i].name, &next->at[i]);
    }
    return err;
}

void scripts_stored(struct scripts *scripts, bool ok)
{
    if (!scripts->changing)
        return;
    scripts->changing = false;
    set_fini(ok ? &scripts->now : &scripts->next);
    if (!ok)
        return;
    scripts->now = scripts->next;
    scripts->next = (struct script_set){ 0 };
}
