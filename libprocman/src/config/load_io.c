/* A configuration from a file on disk. */
#include <procman/config.h>
#include <procman/limits.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of the file, or one byte more than is allowed; the parser refuses that. */
static char *read_all(FILE *file, size_t *out_n)
{
    char *text = pm_alloc(PM_LIMIT_CONFIG_FILE + 1);

    *out_n = fread(text, 1, PM_LIMIT_CONFIG_FILE + 1, file);
    return text;
}

enum pm_err pm_config_load(const char *path, struct pm_config *out, char **errors)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t n = 0;

    errno = file != NULL ? 0 : errno;
    if (file != NULL)
        text = read_all(file, &n);
    int error = errno;
    bool bad = file == NULL || ferror(file) != 0;
    if (file != NULL)
        (void)fclose(file);
    enum pm_err err = PM_BAD_CONFIG;
    if (bad)
        *errors = pm_printf("%s: error: it cannot be read: %s\n%s: 1 error\n", path,
                            strerror(error), path);
    else
        err = pm_config_parse(path, text, n, out, errors);
    free(text);
    return err;
}
