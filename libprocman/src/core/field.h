/* Members of a struct reached through a descriptor's row. Copied with memcpy, because a list's
 * pointer has another type in every struct. */
#ifndef CORE_FIELD_H
#define CORE_FIELD_H

#include <procman/schema.h>

#include <string.h>

/* Any struct pm_<part>_list, and pm_strs, pm_i64s, pm_blob too: pointer and count. */
struct pm_any_list { void *at; size_t n; };

static inline struct pm_any_list pm_field_list(const void *member)
{
    struct pm_any_list list;

    memcpy(&list, member, sizeof list);
    return list;
}

static inline void pm_field_set_list(void *member, void *at, size_t n)
{
    struct pm_any_list list = { at, n };

    memcpy(member, &list, sizeof list);
}

/* NULL counts as "". */
static inline const char *pm_field_str(const void *member)
{
    const char *text;

    memcpy(&text, member, sizeof text);
    return text ? text : "";
}

/* Every enum of the schema is an int wide; see field.c. */
static inline int pm_field_enum(const void *member)
{
    int value;

    memcpy(&value, member, sizeof value);
    return value;
}

/* Would a sender leave it out? */
bool pm_field_empty(const struct pm_field *field, const void *member);

#endif
