/* Names are any printable UTF-8; file names are not. The encoding is reversible, so different
 * processes have different files, and plain names stay as they are, so `tail -f` just works.
 */
#include <procman/output_path.h>

#include <stdio.h>
#include <string.h>

#define SUFFIX ".log"

static bool must_encode(const char *component, size_t n, size_t at, bool is_group)
{
    unsigned char c = (unsigned char)component[at];
    size_t suffix = strlen(SUFFIX);

    if (c < ' ' || c == 0x7f || c == '/' || c == '%' || (c == '.' && at == 0))
        return true;
    /* A group's directory must not be where a process's file is, or a rotated one (NAME.log.1). */
    return is_group && n - at >= suffix && memcmp(component + at, SUFFIX, suffix) == 0
        && (n - at == suffix || component[at + suffix] == '.');
}

static char *encode(char *to, const char *component, size_t n, bool is_group)
{
    for (size_t i = 0; i < n; i++) {
        if (must_encode(component, n, i, is_group))
            to += sprintf(to, "%%%02X", (unsigned char)component[i]);
        else
            *to++ = component[i];
    }
    return to;
}

char *pm_output_path(const char *dir, const char *group, const char *name)
{
    size_t room = strlen(dir) + 3 * (strlen(group) + strlen(name)) + sizeof "//" SUFFIX;
    char *path = pm_alloc(room), *to = path + sprintf(path, "%s/", dir);

    while (*group != '\0') {
        size_t n = strcspn(group, "/");
        to = encode(to, group, n, true);
        if (n > 0)
            *to++ = '/';
        group += n + (group[n] == '/');
    }
    to = encode(to, name, strlen(name), false);
    memcpy(to, SUFFIX, sizeof SUFFIX);
    return path;
}
