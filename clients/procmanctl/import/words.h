/* Command lines of other tools, taken apart by their rules and put together by ours.
 *
 * A reference to a variable of the environment travels inside a word between two marks, which
 * no file holds: control characters are refused when it is opened. */
#ifndef PROCMANCTL_IMPORT_WORDS_H
#define PROCMANCTL_IMPORT_WORDS_H

#include "import.h"
#include "text.h"

#define VARIABLE_LOOSE  '\x01' /* its value is split at blanks, as outside of quotes in sh */
#define VARIABLE_TIGHT  '\x03' /* its value is one piece */
#define VARIABLE_END    '\x02'

struct words { const char **at; size_t n, cap; }; /* { 0 } is empty; free(at) ends it */

void words_add(struct words *words, const char *word);

/* How a tool reads its command lines. */
enum quoting {
    QUOTING_SHELL,     /* sh's quotes and backslashes, nothing else of sh: shlex, g_shell */
    QUOTING_SYSTEMD,   /* quotes only around whole words, C's escapes: systemd.syntax(7) */
};
/* Words live in the import. NULL: fine; else what is wrong, "a quote is not closed". */
const char *words_split(struct import *im, const char *line, enum quoting quoting,
                        struct words *out) PM_MUST_USE;

/* NAME is [A-Za-z_][A-Za-z0-9_]*; how many bytes of it stand here. */
size_t words_name(const char *at) PM_MUST_USE;
void words_put_variable(struct text *text, const char *name, size_t n, bool loose);
bool words_have_variable(const char *word) PM_MUST_USE;
/* A text with marks as sh writes it: ${NAME}. Heap. */
char *words_unmark(const char *text) PM_MUST_USE;
/* The same for texts that the deputy fills in, where all else has to stay as it is. Heap. */
char *words_fill(const char *text) PM_MUST_USE;
/* $NAME and ${NAME} get marks. doubled: $$ is a '$'. NULL: a '${' that is neither. */
const char *words_mark(struct import *im, const char *text, bool doubled) PM_MUST_USE;

/* Make the words what a process runs: as a line where that means the same, else as a list, in
 * which the deputy fills in variables. Only one whose value is to be split takes a shell. */
void words_run(struct import *im, struct process *process, const struct setting *at,
               const struct words *words);

#endif
