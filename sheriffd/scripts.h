/* The scripts that are defined. */
#ifndef SHERIFFD_SCRIPTS_H
#define SHERIFFD_SCRIPTS_H

#include "sheriffd/batch.h"

struct sheriff;

struct script_set { struct pm_script_list list; struct pm_arena arena; }; /* sorted by name */

struct scripts {
    struct script_set now;
    struct script_set next;    /* in this transaction, when changing */
    bool changing;
};

void scripts_fini(struct scripts *scripts);
/* From the store, one of its notes. false: it is none, or cannot be read. */
bool scripts_load(struct scripts *scripts, const struct image_note *note);

/* A stranger's scripts: NULL, or a sentence what is wrong with them, heap. */
char *scripts_fault(const struct pm_script_list *scripts);

/* Would those that are given and those that stay be no more than may be? As scripts_apply. */
bool scripts_fit(const struct scripts *scripts, const struct pm_script_list *given, bool prune,
                 const char *file) PM_MUST_USE;
/* In a transaction: those that are given replace those of the same name; prune: no others stay
 * (file not NULL: none of that file). Copied. */
void scripts_apply(struct scripts *scripts, const struct pm_script_list *given, bool prune,
                   const char *file);
enum pm_err scripts_store(const struct scripts *scripts, struct batch *batch) PM_MUST_USE;
void scripts_stored(struct scripts *scripts, bool ok);

#endif
