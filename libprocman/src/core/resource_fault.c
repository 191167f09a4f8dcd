/* What a spec may say about the means of a process: its mask, its niceness, its limits, and the
 * words about it. The same rules for a file and for a message, as in spec_fault.c.
 */
#include "core/spec_fault.h"

#include <procman/fill.h>
#include <procman/limits.h>
#include <procman/spec.h>

#include <string.h>

enum { MASK_BITS = 0777, KINDEST = 19, DEAREST = -20 };

/* The names of limits.conf(5); size: bytes, which people write as 8MiB. */
static const struct { const char *name; bool size; } limits[] = {
    { "as", true }, { "core", true }, { "cpu", false }, { "data", true }, { "fsize", true },
    { "locks", false }, { "memlock", true }, { "msgqueue", true }, { "nice", false },
    { "nofile", false }, { "nproc", false }, { "rss", true }, { "rtprio", false },
    { "rttime", false }, { "sigpending", false }, { "stack", true },
};

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

const char *pm_limit_name(size_t nth, bool *size)
{
    if (nth >= PM_COUNT(limits))
        return NULL;
    *size = limits[nth].size;
    return limits[nth].name;
}

const char *pm_limit_fault(const char *name)
{
    for (size_t i = 0; i < PM_COUNT(limits); i++)
        if (strcmp(limits[i].name, name) == 0)
            return NULL;
    return "there is no such limit; they are as, core, cpu, data, fsize, locks, memlock, "
           "msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending and stack";
}

const char *pm_file_fault(const char *file)
{
    if (*file != '/' && strncmp(file, "${", 2) != 0)
        return "a file is given from the root, with a '/' first";
    return pm_fill_fault(file);
}

const char *pm_nice_fault(int64_t nice)
{
    return nice >= DEAREST && nice <= KINDEST ? NULL : "a number from -20, which is dear, to 19";
}

const char *pm_mask_fault(uint64_t mask)
{
    return mask == 0 || (mask & ~(uint64_t)MASK_BITS) == PM_MASK_GIVEN
               ? NULL : "a mask is three octal digits, such as 022";
}

const char *pm_memory_fault(uint64_t bytes)
{
    if (bytes == 0)
        return NULL;
    if (bytes < PM_LIMIT_MEMORY_LEAST)
        return "less than 64KiB";
    return bytes <= PM_LIMIT_MEMORY_MOST ? NULL : "more than 64TiB";
}

const char *pm_percent_fault(uint64_t percent)
{
    return percent <= PM_LIMIT_PERCENT ? NULL : "more than 100000%, a thousand cores";
}

const char *pm_pids_fault(uint64_t pids)
{
    return pids <= PM_LIMIT_PIDS ? NULL : "more than 4194304, which Linux cannot have";
}

static const char *limits_fault(const struct pm_limit_list *list)
{
    const char *fault = NULL;

    for (size_t i = 0; i < list->n && fault == NULL; i++) {
        fault = pm_limit_fault(or_empty(list->at[i].name));
        if (fault == NULL && list->at[i].soft > list->at[i].hard)
            fault = "a soft limit is above its hard limit";
        if (fault == NULL && i > 0 && strcmp(list->at[i - 1].name, list->at[i].name) >= 0)
            fault = "limits is not sorted by name, or has a name twice";
    }
    return fault;
}

static const char *labels_fault(const struct pm_var_list *labels)
{
    const char *fault = NULL;

    for (size_t i = 0; i < labels->n && fault == NULL; i++) {
        fault = pm_variable_fault(or_empty(labels->at[i].name));
        if (fault == NULL && i > 0 && strcmp(labels->at[i - 1].name, labels->at[i].name) >= 0)
            fault = "labels is not sorted by name, or has a name twice";
    }
    return fault;
}

const char *pm_resource_fault(const struct pm_spec *spec)
{
    const char *file = or_empty(spec->env_file);
    const char *fault = *file != '\0' ? pm_file_fault(file) : NULL;

    if (fault == NULL)
        fault = pm_mask_fault(spec->umask);
    if (fault == NULL)
        fault = pm_nice_fault(spec->nice);
    if (fault == NULL)
        fault = limits_fault(&spec->limits);
    if (fault == NULL)
        fault = pm_memory_fault(spec->memory_max);
    if (fault == NULL)
        fault = pm_memory_fault(spec->restart_max_memory);
    if (fault == NULL)
        fault = pm_percent_fault(spec->cpu_max);
    if (fault == NULL)
        fault = pm_pids_fault(spec->pids_max);
    return fault != NULL ? fault : labels_fault(&spec->labels);
}
