/* A struct as JSON, by its descriptor: keys as on the wire, every field present (a program that
 * reads `--json` must not have to guess which zero was left out). BIN becomes a string in which
 * bytes that are not UTF-8 are replaced by U+FFFD. A number above 2^63 - 1 is a string. */
#ifndef PROCMAN_JSON_H
#define PROCMAN_JSON_H

#include <procman/codec.h>

PM_BEGIN

/* {"schema":"procman.v1","<key>":[…]} of `count` structs at `items`, followed by a newline.
 * indent 0 = one line. Heap text into *out. OK | NO_MEMORY */
PM_API enum pm_err pm_json_document(const char *key, const struct pm_desc *desc,
                                    const void *items, size_t count, int indent,
                                    char **out) PM_MUST_USE;

/* One struct on one line without newline: for JSON Lines. */
PM_API enum pm_err pm_json_line(const struct pm_desc *desc, const void *item, char **out)
    PM_MUST_USE;

PM_END
#endif
