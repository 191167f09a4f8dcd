#include "files_io.h"
#include "text.h"

#include <procman/limits.h>

#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* All of the file, or one byte more than is allowed, which is refused; terminated. */
static char *read_all(FILE *file, size_t *n, char **why)
{
    char *text = pm_alloc(PM_LIMIT_CONFIG_FILE + 2);

    errno = 0;
    *n = fread(text, 1, PM_LIMIT_CONFIG_FILE + 1, file);
    if (ferror(file) == 0)
        return text;
    *why = pm_strdup(strerror(errno));
    free(text);
    return NULL;
}

static char *directory_of(const char *path)
{
    char *real = realpath(path, NULL);
    char *directory = pm_strdup(real != NULL ? dirname(real) : "/");

    free(real);
    return directory;
}

static char *read_file(const char *path, size_t *n, char **directory, char **why)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;

    if (file == NULL) {
        *why = pm_strdup(strerror(errno));
        return NULL;
    }
    text = read_all(file, n, why);
    (void)fclose(file);
    if (text != NULL)
        *directory = directory_of(path);
    return text;
}

static char *match(const char *pattern)
{
    struct text text = { 0 };
    glob_t found = { 0 };

    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            text_print(&text, "%s%s", i > 0 ? "\n" : "", found.gl_pathv[i]);
    globfree(&found);
    return text.at != NULL ? text.at : pm_strdup("");
}

const struct import_files import_disk = { read_file, match };
