/* All verbs, and the functions behind their rows. */
#ifndef PROCMANCTL_VERBS_H
#define PROCMANCTL_VERBS_H

#include "ctl.h"

#include <procman/config.h>

extern const struct verb verbs[];
extern const size_t verbs_count;
extern const struct pm_option ctl_options[];

const struct verb *verb_find(const char *word);  /* by name or alias; NULL: none */
const char *verb_suggest(const char *word);      /* a near name, or NULL */

enum pm_err verb_status(struct ctl *ctl);
enum pm_err verb_deputies(struct ctl *ctl);
enum pm_err verb_deputy(struct ctl *ctl);
enum pm_err verb_strays(struct ctl *ctl);
enum pm_err verb_start(struct ctl *ctl);
enum pm_err verb_stop(struct ctl *ctl);
enum pm_err verb_restart(struct ctl *ctl);
enum pm_err verb_remove(struct ctl *ctl);
enum pm_err verb_signal(struct ctl *ctl);
enum pm_err verb_logs(struct ctl *ctl);
enum pm_err verb_show(struct ctl *ctl);
enum pm_err verb_graph(struct ctl *ctl);
enum pm_err verb_why(struct ctl *ctl);
enum pm_err verb_check(struct ctl *ctl);
enum pm_err verb_schema(struct ctl *ctl);
enum pm_err verb_apply(struct ctl *ctl);
enum pm_err verb_history(struct ctl *ctl);
enum pm_err verb_add(struct ctl *ctl);
enum pm_err verb_edit(struct ctl *ctl);
enum pm_err verb_export(struct ctl *ctl);
enum pm_err verb_import(struct ctl *ctl);
enum pm_err verb_script(struct ctl *ctl);
enum pm_err verb_events(struct ctl *ctl);
enum pm_err verb_up(struct ctl *ctl);
enum pm_err verb_down(struct ctl *ctl);
enum pm_err verb_version(struct ctl *ctl);
enum pm_err verb_help(struct ctl *ctl);

/* status.c, for up as well */
void status_print(const struct ctl *ctl, const struct pm_proc_list *procs);

/* apply.c, for add, edit and up as well: send it, show the plan. `request` is complete. */
enum pm_err apply_specs(struct ctl *ctl, struct pm_apply *request, bool show_plan) PM_MUST_USE;
/* As apply_specs; what the sheriff refuses it for is *why, heap, and not told. */
enum pm_err apply_or_say(struct ctl *ctl, struct pm_apply *request, bool show_plan, char **why)
    PM_MUST_USE;
/* edit.c: in an editor */
enum pm_err edit_in_editor(struct ctl *ctl);
void apply_print(const struct ctl *ctl, const struct pm_change_list *changes); /* as a table */
/* history.c: what a revision said; `text` is its number. OK | USAGE | what the sheriff says */
enum pm_err ask_revision(struct ctl *ctl, const char *text, struct pm_frame *out) PM_MUST_USE;
/* check.c: load a configuration file, as --map has it; its errors are told, or given, heap. */
enum pm_err load_config(struct ctl *ctl, const char *path, struct pm_config *out) PM_MUST_USE;

/* define.c, for export and import: whole or not at all, and only for its owner. */
enum pm_err write_file(const char *path, const char *text) PM_MUST_USE;

/* graph.c, for show as well: "ready, may fail; goes with its stop". Returns text. */
#define NEEDED_SIZE 80
const char *needed_text(const struct pm_dependency *on, char *text);

/* help.c, for main as well */
void help_general(void);
void help_short(void);
void help_verb(const struct verb *verb);

#endif
