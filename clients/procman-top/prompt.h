/* One line that is typed: a filter, an expression, a command, a file's name. */
#ifndef TOP_PROMPT_H
#define TOP_PROMPT_H

#include <procman/base.h>

enum prompt_kind { PROMPT_NONE, PROMPT_FILTER, PROMPT_SEARCH, PROMPT_LINES, PROMPT_COMMAND,
                   PROMPT_SAVE, PROMPT_APPLY, PROMPT_MOVE, PROMPT_RUN };

#define PROMPT_BYTES 400

struct prompt {
    enum prompt_kind kind;         /* NONE: nothing is being typed */
    char text[PROMPT_BYTES + 1];   /* UTF-8 */
    char before[PROMPT_BYTES + 1]; /* what Esc goes back to */
};

enum prompt_did { PROMPT_TYPED, PROMPT_DONE, PROMPT_CANCELLED, PROMPT_NOTHING };

void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text);
/* Enter ends it; Esc too, and brings back the text before; Ctrl-U empties, Ctrl-W drops a word. */
enum prompt_did prompt_key(struct prompt *prompt, uint32_t key);
const char *prompt_label(enum prompt_kind kind) PM_MUST_USE;

#endif
