/* What a descriptor's rows are good for besides the wire: is it empty, is it the same, copy it.
 *
 * The depth of recursion is that of the schema, in which no part contains itself.
 */
#include "core/field.h"

#include <procman/codec.h>

#define WORDS(name, meaning) \
    _Static_assert(sizeof(enum pm_##name) == sizeof(int), "pm_field_enum reads an int");
#define WORD(name, value, word, meaning)
#define END_WORDS(name)
#include <procman/enums.def>
#undef WORDS
#undef WORD
#undef END_WORDS
_Static_assert(sizeof(enum pm_state) == sizeof(int), "pm_field_enum reads an int");

static bool part_empty(const struct pm_desc *desc, const void *from)
{
    for (size_t i = 0; i < desc->n; i++)
        if (!pm_field_empty(&desc->fields[i], (const char *)from + desc->fields[i].offset))
            return false;
    return true;
}

bool pm_field_empty(const struct pm_field *field, const void *member)
{
    switch (field->kind) {
    case PM_KIND_U64:
    case PM_KIND_I64:  return *(const uint64_t *)member == 0;
    case PM_KIND_F64:  return *(const double *)member == 0;
    case PM_KIND_BOOL: return !*(const bool *)member;
    case PM_KIND_ENUM: return pm_field_enum(member) == 0;
    case PM_KIND_STR:  return *pm_field_str(member) == '\0';
    case PM_KIND_BIN:
    case PM_KIND_STRS:
    case PM_KIND_I64S:
    case PM_KIND_LIST: return pm_field_list(member).n == 0;
    case PM_KIND_ONE:  return part_empty(field->part, member);
    }
    return true;
}

/* ---- the same? ---- */

static bool same_strs(const struct pm_any_list *a, const struct pm_any_list *b)
{
    const char *const *a_at = a->at, *const *b_at = b->at;

    for (size_t i = 0; i < a->n; i++)
        if (strcmp(pm_field_str(&a_at[i]), pm_field_str(&b_at[i])) != 0)
            return false;
    return true;
}

static bool same_parts(const struct pm_desc *part, const struct pm_any_list *a,
                       const struct pm_any_list *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (!pm_same(part, (const char *)a->at + i * part->size,
                     (const char *)b->at + i * part->size))
            return false;
    return true;
}

static bool same_lists(const struct pm_field *field, const void *a_member, const void *b_member)
{
    struct pm_any_list a = pm_field_list(a_member), b = pm_field_list(b_member);

    if (a.n != b.n || a.n == 0)
        return a.n == b.n;
    if (field->kind == PM_KIND_STRS)
        return same_strs(&a, &b);
    if (field->kind == PM_KIND_LIST)
        return same_parts(field->part, &a, &b);
    return memcmp(a.at, b.at, a.n * (field->kind == PM_KIND_I64S ? sizeof(int64_t) : 1)) == 0;
}

static bool same_member(const struct pm_field *field, const void *a, const void *b)
{
    switch (field->kind) {
    case PM_KIND_U64:
    case PM_KIND_I64:  return *(const uint64_t *)a == *(const uint64_t *)b;
    case PM_KIND_F64:  return *(const double *)a == *(const double *)b;
    case PM_KIND_BOOL: return *(const bool *)a == *(const bool *)b;
    case PM_KIND_ENUM: return pm_field_enum(a) == pm_field_enum(b);
    case PM_KIND_STR:  return strcmp(pm_field_str(a), pm_field_str(b)) == 0;
    case PM_KIND_BIN:
    case PM_KIND_STRS:
    case PM_KIND_I64S:
    case PM_KIND_LIST: return same_lists(field, a, b);
    case PM_KIND_ONE:  return pm_same(field->part, a, b);
    }
    return false;
}

bool pm_same(const struct pm_desc *desc, const void *a, const void *b)
{
    for (size_t i = 0; i < desc->n; i++) {
        size_t offset = desc->fields[i].offset;

        if (!same_member(&desc->fields[i], (const char *)a + offset, (const char *)b + offset))
            return false;
    }
    return true;
}

/* ---- copy ---- */

static bool copy_str(struct pm_arena *arena, const char **to)
{
    const char *text = *to ? *to : "";

    *to = pm_arena_str(arena, text, strlen(text));
    return *to != NULL;
}

/* `to` was copied byte by byte; now what it points to is replaced by copies of it. */
static bool own_parts(const struct pm_desc *desc, struct pm_arena *arena, void *to);

static bool own_list(const struct pm_field *field, struct pm_arena *arena, void *member)
{
    struct pm_any_list list = pm_field_list(member);
    size_t size = field->kind == PM_KIND_LIST ? field->part->size
                : field->kind == PM_KIND_STRS ? sizeof(char *)
                : field->kind == PM_KIND_I64S ? sizeof(int64_t) : 1;
    char *at = list.n > 0 ? pm_arena_get(arena, list.n * size) : NULL;

    if (list.n > 0 && !at)
        return false;
    if (at)
        memcpy(at, list.at, list.n * size);
    pm_field_set_list(member, at, list.n);
    for (size_t i = 0; i < list.n; i++) {
        if (field->kind == PM_KIND_LIST && !own_parts(field->part, arena, at + i * size))
            return false;
        if (field->kind == PM_KIND_STRS && !copy_str(arena, (const char **)(void *)at + i))
            return false;
    }
    return true;
}

static bool own_member(const struct pm_field *field, struct pm_arena *arena, void *member)
{
    switch (field->kind) {
    case PM_KIND_STR:  return copy_str(arena, member);
    case PM_KIND_BIN:
    case PM_KIND_STRS:
    case PM_KIND_I64S:
    case PM_KIND_LIST: return own_list(field, arena, member);
    case PM_KIND_ONE:  return own_parts(field->part, arena, member);
    default:           return true;
    }
}

static bool own_parts(const struct pm_desc *desc, struct pm_arena *arena, void *to)
{
    for (size_t i = 0; i < desc->n; i++)
        if (!own_member(&desc->fields[i], arena, (char *)to + desc->fields[i].offset))
            return false;
    return true;
}

enum pm_err pm_copy(const struct pm_desc *desc, const void *from, struct pm_arena *arena, void *to)
{
    memcpy(to, from, desc->size);
    if (own_parts(desc, arena, to))
        return PM_OK;
    memset(to, 0, desc->size); /* nothing half borrowed from two places */
    return PM_NO_MEMORY;
}
