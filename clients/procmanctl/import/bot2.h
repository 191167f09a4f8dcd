/* The words of bot2-procman's language, and what its two readers share. */
#ifndef PROCMANCTL_IMPORT_BOT2_H
#define PROCMANCTL_IMPORT_BOT2_H

#include "import.h"

enum token { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_NUMBER, TOKEN_MARK, TOKEN_WRONG };

/* One token of look-ahead: what stands here is in token and text. */
struct bot2 {
    struct import *im;
    struct source *source;
    const char *at;           /* behind the token */
    size_t line;              /* of the token */
    size_t next_line;
    enum token token;
    const char *text;         /* its name, content or digits; a mark is one letter */
};

void bot2_next(struct bot2 *bot2);
bool bot2_is(const struct bot2 *bot2, enum token token, const char *text) PM_MUST_USE;
/* Take it, or fail with "expected WHAT, not …". */
bool bot2_take(struct bot2 *bot2, enum token token, const char *text, const char *what) PM_MUST_USE;
/* "expected WHAT, not …"; returns false. */
bool bot2_fail(struct bot2 *bot2, const char *what);
struct setting bot2_setting(const struct bot2 *bot2, const char *subject, const char *name);

/* script "NAME" { … }, from its name on. */
bool bot2_script(struct bot2 *bot2) PM_MUST_USE;

/* "a//b/" is "a/b"; text of the import. */
const char *bot2_path(struct import *im, const char *path);

#endif
