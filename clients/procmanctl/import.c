/* import: files of other process managers to a file of ours. The work is done in import/. */
#include "import/files_io.h"
#include "import/kinds.h"
#include "out.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

static void list_left(const struct import *im)
{
    for (size_t i = 0; i < im->left_n; ++i)
        out_notice("%s", im->left[i].text);
    if (im->left_n > 0)
        out_notice("%zu setting%s not carried over", im->left_n, im->left_n == 1 ? " is" : "s are");
}

/* All files, each by its kind, or by the one that was asked for. */
static enum pm_err read_files(struct import *im, const struct pm_strs *files,
                              const struct kind *asked)
{
    for (size_t i = 0; i < files->n; ++i) {
        struct source *source = import_open(im, files->at[i], NULL);
        const struct kind *kind = asked;

        if (source && !kind)
            kind = kind_of(im, source);
        if (!source || !kind || !kind->read(im, source))
            return PM_BAD_CONFIG;
    }
    return PM_OK;
}

static enum pm_err convert(struct ctl *ctl, struct import *im, const struct kind *asked, bool json,
                           char **out)
{
    enum pm_err err = read_files(im, &ctl->words, asked);

    for (size_t i = 0; i < kinds_n; ++i)
        if (kinds[i].finish)
            kinds[i].finish(im);
    if (err == PM_OK) {
        import_finish(im);
        *out = import_write(im, json);
    }
    return *out ? PM_OK : PM_BAD_CONFIG;
}

static enum pm_err deliver(struct ctl *ctl, const struct import *im, const char *text)
{
    list_left(im);
    if (ctl->set.strict && im->left_n > 0) {
        complain("nothing is written, as --strict wants it");
        return PM_FAILED;
    }
    if (ctl->set.output)
        return write_file(ctl->set.output, text);
    out_text(text);
    return PM_OK;
}

static bool wants_json(const struct ctl *ctl)
{
    const char *dot = ctl->set.output ? strrchr(ctl->set.output, '.') : NULL;

    return ctl->set.json || (dot && strcmp(dot, ".json") == 0);
}

enum pm_err verb_import(struct ctl *ctl)
{
    const struct kind *asked = ctl->set.from ? kind_find(ctl->set.from) : NULL;
    struct import *im;
    char *text PM_CLEANUP(pm_free) = NULL;
    enum pm_err err;

    if (ctl->set.from && !asked) {
        char *names PM_CLEANUP(pm_free) = kind_names();

        return ctl_misuse(ctl, "--from %s is none of %s", ctl->set.from, names);
    }
    im = pm_alloc(sizeof(*im));
    import_init(im, &import_disk);
    err = convert(ctl, im, asked, wants_json(ctl), &text);
    if (err == PM_OK)
        err = deliver(ctl, im, text);
    else
        out_notice("%s", im->fault);
    import_fini(im);
    free(im);
    return err;
}
