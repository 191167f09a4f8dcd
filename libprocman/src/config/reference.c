/* References: the words of a label, read backwards, because only '@' and '/' are in no name. */
#include "config/reference.h"

#include <procman/limits.h>
#include <procman/spec.h>

#include <string.h>

/* A part of the text; too long for any name is as good as its beginning, for finding fault. */
static const char *fault_of(const char *(*judge)(const char *), const char *at, size_t n)
{
    char part[PM_LIMIT_GROUP + 2];

    if (n >= sizeof(part))
        n = sizeof(part) - 1;
    memcpy(part, at, n);
    part[n] = '\0';
    return judge(part);
}

const char *pm_reference_fault(const char *text)
{
    const char *at = strrchr(text, '@'), *end = at != NULL ? at : text + strlen(text);
    const char *slash = memrchr(text, '/', (size_t)(end - text));
    const char *name = slash != NULL ? slash + 1 : text;
    const char *fault = fault_of(pm_name_fault, name, (size_t)(end - name));

    if (fault == NULL && slash != NULL)
        fault = fault_of(pm_group_fault, text, (size_t)(slash - text));
    if (fault == NULL && at != NULL)
        fault = pm_name_fault(at + 1);
    return fault;
}

bool pm_host_is_own(const char *host)
{
    return *host == '\0' || strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "::1") == 0;
}

bool pm_reference_split(struct pm_arena *arena, const char *text, struct pm_reference *out)
{
    const char *at = strrchr(text, '@'), *end = at != NULL ? at : text + strlen(text);
    const char *slash = memrchr(text, '/', (size_t)(end - text));
    const char *name = slash != NULL ? slash + 1 : text;

    *out = (struct pm_reference){ .name = pm_arena_str(arena, name, (size_t)(end - name)) };
    if (slash != NULL)
        out->group = pm_arena_str(arena, text, (size_t)(slash - text));
    if (at != NULL)
        out->host = pm_host_is_own(at + 1) ? "" : at + 1;
    return out->name != NULL && (slash == NULL || out->group != NULL);
}
