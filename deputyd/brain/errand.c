/* Commands that look whether a process is well.
 *
 * Only the keeper forks, and it knows one way: a life in a slot. So an errand is a life, too, in a
 * slot of its own that the roster holds as foreign: no process, in no status, with no output file.
 * What the keeper does for lives it gets for free: it is ended as a whole tree, and found again
 * when one of us dies. Its note says what it is, and a new brain ends it: nobody would know what
 * it was asked.
 *
 * At most one errand for a process: one that does not even end when it is killed must not have
 * company each second. A look that would begin another waits for its end.
 */
#include "brain/inside.h"

#include <procman/marks.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "/probe" /* no process has '/' in its name */

static struct errand *find_slot(const struct brain *b, uint64_t slot)
{
    for (size_t i = 0; i < b->errands.n; i++)
        if (b->errands.at[i].slot == slot)
            return &b->errands.at[i];
    return NULL;
}

static struct errand *find_look(const struct brain *b, uint64_t look)
{
    for (size_t i = 0; i < b->errands.n; i++)
        if (b->errands.at[i].look == look)
            return &b->errands.at[i];
    return NULL;
}

bool errand_is_under_way(const struct brain *b, const struct proc *proc)
{
    for (size_t i = 0; i < b->errands.n; i++)
        if (b->errands.at[i].of == proc)
            return true;
    return false;
}

static void add(struct errands *errands, struct errand errand)
{
    if (errands->n == errands->cap) {
        errands->cap = errands->cap > 0 ? 2 * errands->cap : 8;
        errands->at = pm_resize(errands->at, errands->cap, sizeof *errands->at);
    }
    errands->at[errands->n++] = errand;
}

static void drop(struct errands *errands, struct errand *errand)
{
    *errand = errands->at[--errands->n];
}

static void end(struct brain *b, uint64_t slot, uint64_t run)
{
    struct pm_kill kill = { .slot = slot, .run = run, .signal = SIGKILL };

    brain_tell_keeper(b, PM_MSG_KILL, &kill);
}

/* ---- beginning ---------------------------------------------------------------------- */

/* Its name is none that a process could have: when the keeper's table and so its note is lost, it
 * is told from the process itself by that, which must not be taken for alive. */
static bool mark(struct pm_spawn *spawn, const struct proc *proc, struct pm_arena *arena)
{
    size_t size = strlen(proc->name) + sizeof MARK;
    char *name = pm_arena_get(arena, size);

    if (name == NULL)
        return false;
    snprintf(name, size, "%s" MARK, proc->name);
    for (size_t i = 0; i < spawn->env.n; i++)
        if (strcmp(spawn->env.at[i].name, PM_MARK_NAME) == 0)
            spawn->env.at[i].value = name;
    return true;
}

static bool is_marked(const char *name)
{
    size_t n = strlen(name), mark = strlen(MARK);

    return n >= mark && strcmp(name + n - mark, MARK) == 0;
}

static bool send(struct brain *b, const struct proc *proc, struct pm_spawn *spawn)
{
    PM_CLEANUP(pm_buf_fini) struct pm_buf bytes = { 0 };
    struct pm_slot_note note = { .probe = true, .group = proc->group, .name = proc->name };

    if (pm_encode(&pm_slot_note_desc, &note, &bytes) != PM_OK)
        return false;
    spawn->note = (struct pm_blob){ bytes.at, bytes.n };
    return b->port->to_keeper(b->self, PM_MSG_SPAWN, spawn);
}

/* As the process itself would be begun: its user, its directory, its environment. */
const char *errand_begin(struct brain *b, struct proc *proc, uint64_t look, const char *command,
                         char *text, size_t size)
{
    PM_CLEANUP(pm_arena_fini) struct pm_arena arena;
    struct errand errand = { .look = look, .slot = roster_any_slot(&b->roster), .of = proc };
    struct pm_spec spec = *proc->spec;
    struct pm_spawn spawn = { 0 };
    const char *why;

    pm_arena_init(&arena, 0);
    if (errand.slot == NO_SLOT || !roster_set_foreign(&b->roster, errand.slot, true))
        return "the deputy's table is full";
    spec.command = command;
    spec.exec = (struct pm_strs){ 0 };
    spec.output_pty = false;
    spec.ready = (struct pm_probe){ 0 };
    spec.watchdog_ms = 0;
    spec.memory_max = spec.cpu_max = spec.pids_max = 0; /* its group is another one */
    why = life_spawn(b, proc, &spec, &arena, &spawn, text, size);
    spawn.slot = errand.slot;
    spawn.run = errand.run = ++b->errands.runs;
    if (why == NULL && !(mark(&spawn, proc, &arena) && send(b, proc, &spawn)))
        why = "the command and its environment are too long";
    if (why == NULL)
        add(&b->errands, errand);
    else
        pm_assert(roster_set_foreign(&b->roster, errand.slot, false)); /* it was: there is room */
    return why;
}

void errand_let_go(struct brain *b, uint64_t look)
{
    struct errand *errand = find_look(b, look);

    if (errand == NULL)
        return;
    errand->look = 0;
    end(b, errand->slot, errand->run);
    (void)b->port->heard(b->self, look, NULL, 0);
}

/* ---- what the keeper says ------------------------------------------------------------- */

bool errand_on_held(struct brain *b, const struct pm_held *held)
{
    PM_CLEANUP(pm_arena_fini) struct pm_arena arena;
    struct pm_slot_note note;
    const char *why;
    bool is_errand;

    pm_arena_init(&arena, 0);
    is_errand = held->note.n == 0
              ? is_marked(held->name)
              : pm_decode(&pm_slot_note_desc, held->note.at, held->note.n, &arena, &note,
                          &why) == PM_OK && note.probe;
    if (!is_errand)
        return false;
    if (held->pid == 0)
        brain_tell_keeper(b, PM_MSG_NOTE, &(struct pm_note){ .slot = held->slot });
    else if (roster_set_foreign(&b->roster, held->slot, true))
        end(b, held->slot, held->run);
    return true;
}

bool errand_on_spawned(struct brain *b, const struct pm_spawned *spawned, struct pm_mono now)
{
    struct errand *errand = find_slot(b, spawned->slot);
    struct pm_ending how = { .stage = spawned->stage, .error = spawned->error,
                             .detail = spawned->detail };
    char why[PROBE_WORD_BYTES];
    uint64_t look;

    if (errand == NULL || errand->run != spawned->run)
        return false;
    look = errand->look;
    if (spawned->stage == PM_STAGE_NONE) {
        if (look != 0)
            b->port->listen(b->self, look);
        return true;
    }
    drop(&b->errands, errand);
    brain_tell_keeper(b, PM_MSG_NOTE, &(struct pm_note){ .slot = spawned->slot });
    pm_assert(roster_set_foreign(&b->roster, spawned->slot, false));
    pm_ending_text(&how, &(struct pm_spec){ .working_dir = "", .run_as_user = "",
                                            .run_as_group = "", .command = "it" },
                   why, sizeof why);
    brain_on_look(b, look, false, why, now);
    return true;
}

/* The slot is freed as any foreign one's, by the caller. */
void errand_on_ended(struct brain *b, const struct pm_ended *ended, struct pm_mono now)
{
    struct errand *errand = find_slot(b, ended->slot);
    struct pm_ending how = { .code = ended->exit_code, .signal = ended->exit_signal,
                             .unknown = ended->unknown, .oom = ended->oom };
    char why[PROBE_WORD_BYTES], words[PROBE_WORD_BYTES] = "";
    uint64_t look;
    size_t n;

    if (errand == NULL || errand->run != ended->run)
        return;
    look = errand->look;
    drop(&b->errands, errand);
    if (look == 0)
        return;
    (void)b->port->heard(b->self, look, words, sizeof words);
    n = strlen(pm_ending_text(&how, NULL, why, sizeof why));
    if (words[0] != '\0')
        snprintf(why + n, sizeof why - n, ": %s", words);
    brain_on_look(b, look, how.code == 0 && how.signal == 0 && !how.unknown, why, now);
}
