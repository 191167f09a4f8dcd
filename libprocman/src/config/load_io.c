/* A configuration from files on disk. */
#include "config/compile.h"

#include <procman/limits.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* All of the file, or one byte more than is allowed; the parser refuses that. */
static const char *read_all(FILE *file, struct pm_file *out)
{
    char *text = pm_alloc(PM_LIMIT_CONFIG_FILE + 1);
    struct stat about = { 0 };

    errno = 0;
    (void)fstat(fileno(file), &about);
    out->n = fread(text, 1, PM_LIMIT_CONFIG_FILE + 1, file);
    if (ferror(file) != 0) {
        free(text);
        return strerror(errno);
    }
    out->text = pm_resize(text, out->n + 1, 1);
    out->device = about.st_dev;
    out->inode = about.st_ino;
    return NULL;
}

static const char *read_file(const char *path, struct pm_file *out)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return strerror(errno);
    const char *fault = read_all(file, out);
    (void)fclose(file);
    return fault;
}

/* What is included is a file: a pipe would keep us waiting. */
static const char *read_included(const char *path, struct pm_file *out)
{
    struct stat about;

    if (stat(path, &about) != 0)
        return strerror(errno);
    if (!S_ISREG(about.st_mode))
        return "it is not a file";
    return read_file(path, out);
}

static const char *find(const char *from, const char *pattern, char ***paths, size_t *n)
{
    const char *slash = *pattern != '/' ? strrchr(from, '/') : NULL;
    char *whole PM_CLEANUP(pm_free) = pm_printf("%.*s%s", slash ? (int)(slash + 1 - from) : 0, from,
                                                pattern);
    glob_t found = { 0 };
    int result = glob(whole, 0, NULL, &found); /* sorted */

    *paths = pm_alloc((found.gl_pathc + 1) * sizeof(**paths));
    for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
        (*paths)[(*n)++] = pm_strdup(found.gl_pathv[i]);
    globfree(&found);
    if (result == 0 || (result == GLOB_NOMATCH && strpbrk(pattern, "*?[") != NULL))
        return NULL;
    return result == GLOB_NOMATCH ? "there is no such file" : "it cannot be looked for";
}

enum pm_err pm_config_load(const char *path, struct pm_config *out, char **errors)
{
    return pm_config_load_mapped(path, NULL, 0, out, errors);
}

enum pm_err pm_config_load_mapped(const char *path, const struct pm_host_map *maps, size_t n,
                                  struct pm_config *out, char **errors)
{
    static const struct pm_files files = { .find = find, .read = read_included };
    struct pm_compile what = { .name = path, .files = &files, .maps = maps, .maps_n = n };
    const char *fault = read_file(path, &what.file);

    if (fault != NULL) {
        *errors = pm_printf("%s: error: it cannot be read: %s\n%s: 1 error\n", path, fault, path);
        return PM_BAD_CONFIG;
    }
    enum pm_err err = pm_config_compile(&what, out, errors);
    free(what.file.text);
    return err;
}
