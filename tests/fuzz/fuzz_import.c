/* Any bytes as the file of another process manager: the first one says whose.
 *
 * Nothing may crash. What is refused is refused in one sentence that names the file; what is
 * converted loads, in both languages, and whatever is left has its line.
 */
#include "clients/procmanctl/import/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "fuzzed"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const uint8_t *input;
static size_t input_n;

/* Every file says the same: one that includes another includes itself. */
static char *read_input(const char *path, size_t *n, char **directory, char **why)
{
    char *text = pm_alloc(input_n + 1);

    (void)path;
    (void)why;
    if (input_n > 0)
        memcpy(text, input, input_n);
    *n = input_n;
    *directory = pm_strdup("/srv");
    return text;
}

static char *match_once(const char *pattern)
{
    return pm_strdup(strchr(pattern, '*') != NULL ? "included" : "");
}

static void then_placed(const struct import *im)
{
    for (size_t i = 0; i < im->left_n; i++) {
        pm_assert(im->left[i].at.line > 0);
        pm_assert(strstr(im->left[i].text, " is not carried over: ") != NULL);
        pm_assert(strchr(im->left[i].text, '\n') == NULL);
    }
}

static void convert(const struct kind *kind, const char *name, bool json)
{
    static const struct import_files files = { read_input, match_once };
    struct import *im = pm_alloc(sizeof(*im));
    char *text = NULL;

    import_init(im, &files);
    struct source *source = import_open(im, name, NULL);
    if (source != NULL && kind == NULL)
        kind = kind_of(im, source);
    bool read = source != NULL && kind != NULL && kind->read(im, source);
    for (size_t i = 0; i < kinds_n; i++)
        if (kinds[i].finish != NULL)
            kinds[i].finish(im);
    if (read) {
        import_finish(im);
        text = import_write(im, json);
    }
    pm_assert((text == NULL) == (im->fault != NULL));
    pm_assert(im->fault == NULL || strstr(im->fault, "no good configuration") == NULL);
    then_placed(im);
    free(text);
    import_fini(im);
    free(im);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = { NAME, NAME ".json", NAME ".yaml", NAME "@1.service" };

    if (n == 0)
        return 0;
    input = bytes + 1;
    input_n = n - 1;
    size_t kind = (bytes[0] & 15) % (kinds_n + 1);
    convert(kind < kinds_n ? &kinds[kind] : NULL, names[bytes[0] >> 4 & 3], bytes[0] >> 6 & 1);
    return 0;
}
