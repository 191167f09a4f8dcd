/* logs --save DIR: what is kept of each process's output, byte for byte, into DIR/GROUP/NAME.log.
 *
 * What has that name is whole, and was not there before: the bytes gather in NAME.log.part, which
 * is renamed when the last one is written, and never over another file. Where several hosts have a
 * process of one name each file says whose it is, NAME@HOST.log: no name has an '@'.
 */
#include "logs.h"
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <procman/output_path.h>
#include <procman/paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART ".part"

struct saved {               /* a row of --json */
    const char *name, *group, *host;
    char *file;
    uint64_t bytes;
};

static const struct pm_field fields[] = {
    { "name", PM_KIND_STR, offsetof(struct saved, name), NULL, NULL, "of the process" },
    { "group", PM_KIND_STR, offsetof(struct saved, group), NULL, NULL, "its group" },
    { "host", PM_KIND_STR, offsetof(struct saved, host), NULL, NULL, "its deputy" },
    { "file", PM_KIND_STR, offsetof(struct saved, file), NULL, NULL, "where its output is now" },
    { "bytes", PM_KIND_U64, offsetof(struct saved, bytes), NULL, NULL, "in it" },
};
static const struct pm_desc desc = {
    .name = "saved", .size = sizeof(struct saved), .fields = fields, .n = PM_COUNT(fields),
};

/* ---- names ---- */

static char *path_for(const struct source *source, const char *dir)
{
    const struct logs *logs = source->logs;
    char *name PM_CLEANUP(pm_free) = pm_strdup(source->name);

    for (size_t i = 0; i < logs->n; ++i) {
        const struct source *other = logs->sources[i];

        if (other == source || strcmp(other->name, source->name) != 0
            || strcmp(other->group, source->group) != 0)
            continue;
        pm_free(&name);
        name = pm_printf("%s@%s", source->name, source->host);
        break;
    }
    return pm_output_path(dir, source->group, name);
}

static enum pm_err make_dir_of(const char *path)
{
    char *dir PM_CLEANUP(pm_free) = pm_strdup(path);

    *strrchr(dir, '/') = '\0';
    return pm_make_dir(dir, false);
}

/* ---- one file ---- */

static enum pm_err fail(const char *path, int error)
{
    complain("%s: %s", path, strerror(error));
    return PM_IO;
}

static enum pm_err begin_file(const char *path, const char *part, FILE **out)
{
    int fd;

    if (access(path, F_OK) == 0)
        return fail(path, EEXIST);
    if (make_dir_of(path) != PM_OK)
        return fail(path, errno);
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return fail(part, errno);
    *out = fdopen(fd, "w");
    pm_assert(*out);
    return PM_OK;
}

static void take(struct source *source, const struct pm_stretch *stretch)
{
    fwrite(stretch->at, 1, stretch->n, source->file);
    source->saved += stretch->n;
    if (ferror((FILE *)source->file))
        source->over = true; /* no need to read more */
}

/* Not every file system can rename without replacing; there the look before has to do. */
static int rename_new(const char *from, const char *to)
{
    int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

    return result != 0 && errno == EINVAL ? rename(from, to) : result;
}

static enum pm_err end_file(struct source *source, const char *path, const char *part)
{
    FILE *file = source->file;
    bool failed = ferror(file) != 0;

    source->file = NULL;
    if (fclose(file) != 0 || failed)
        return fail(part, errno);
    return rename_new(part, path) == 0 ? PM_OK : fail(path, errno);
}

static enum pm_err save(struct source *source, const char *path)
{
    char *part PM_CLEANUP(pm_free) = pm_printf("%s" PART, path);
    FILE *file;
    enum pm_err err = begin_file(path, part, &file);

    if (err != PM_OK)
        return err;
    source->file = file;
    err = source_open(source);
    source->take = take;
    if (err == PM_OK)
        (void)source_next(source, true); /* there are no lines: it reads to the end */
    err = source->err;
    if (err == PM_OK)
        err = end_file(source, path, part);
    else
        fclose(file);
    if (err != PM_OK)
        unlink(part);
    return err;
}

/* ---- all of them ---- */

static void tell(const struct logs *logs, const struct saved *row)
{
    char number[COUNT_SIZE];

    if (!logs->ctl->set.json)
        out_line("%s: %s bytes", row->file, count_text(row->bytes, number));
}

enum pm_err save_all(struct logs *logs, const char *dir)
{
    struct saved *rows = pm_alloc((logs->n + 1) * sizeof(*rows));
    enum pm_err worst = PM_OK;
    size_t n = 0;

    for (size_t i = 0; i < logs->n; ++i) {
        struct source *source = logs->sources[i];
        char *path = path_for(source, dir);
        enum pm_err err = save(source, path);

        rows[n] = (struct saved){ source->name, source->group, source->host, path, source->saved };
        if (err == PM_OK)
            tell(logs, &rows[n++]);
        else
            free(path);
        if (worst == PM_OK)
            worst = err;
        pm_follow_close(&source->follow);
    }
    if (logs->ctl->set.json)
        (void)out_json("files", &desc, rows, n);
    for (size_t i = 0; i < n; ++i)
        free(rows[i].file);
    free(rows);
    return worst;
}
