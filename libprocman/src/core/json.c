/* A struct as JSON, by its descriptor; jansson builds and prints it.
 *
 * Every field is present, in the order of the schema. A number above 2^63 - 1 becomes a string
 * of its digits: no JSON reader we know keeps it whole as a number. Such are only hashes and
 * random numbers, none of which a `--json` document of procmanctl has.
 */
#include <procman/json.h>

#include "core/field.h"
#include <procman/utf8.h>

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SCHEMA "procman.v1" /* what readers check before they believe the keys */
#define DIGITS 6            /* of a real number: enough for a load or a percentage */

static json_t *of_text(const void *text, size_t n)
{
    if (pm_utf8_text(text, n))
        return json_stringn_nocheck(text, n);
    PM_CLEANUP(pm_free) char *mended = pm_utf8_mend(text, n, &n);
    return json_stringn_nocheck(mended, n);
}

static json_t *of_str(const char *text)
{
    return of_text(text, strlen(text));
}

static json_t *of_u64(uint64_t number)
{
    char digits[24];

    if (number <= INT64_MAX)
        return json_integer((json_int_t)number);
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    return json_string(digits);
}

static json_t *of_f64(double number)
{
    return json_real(isfinite(number) ? number : 0);
}

static json_t *of_part(const struct pm_desc *desc, const void *from);

static json_t *of_element(const struct pm_field *field, const void *at, size_t i)
{
    switch (field->kind) {
    case PM_KIND_STRS: return of_str(pm_field_str((const char *const *)at + i));
    case PM_KIND_I64S: return json_integer(((const int64_t *)at)[i]);
    default:           return of_part(field->part, (const char *)at + i * field->part->size);
    }
}

static json_t *of_list(const struct pm_field *field, const void *member)
{
    struct pm_any_list list = pm_field_list(member);
    json_t *array = json_array();

    for (size_t i = 0; i < list.n; i++) {
        if (json_array_append_new(array, of_element(field, list.at, i)) == 0)
            continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

static json_t *of_member(const struct pm_field *field, const void *member)
{
    struct pm_any_list blob;

    switch (field->kind) {
    case PM_KIND_U64:  return of_u64(*(const uint64_t *)member);
    case PM_KIND_I64:  return json_integer(*(const int64_t *)member);
    case PM_KIND_F64:  return of_f64(*(const double *)member);
    case PM_KIND_BOOL: return json_boolean(*(const bool *)member);
    case PM_KIND_STR:  return of_str(pm_field_str(member));
    case PM_KIND_ENUM: return of_str(pm_word(field->words, pm_field_enum(member)));
    case PM_KIND_BIN:
        blob = pm_field_list(member);
        return of_text(blob.n > 0 ? blob.at : "", blob.n);
    case PM_KIND_STRS:
    case PM_KIND_I64S:
    case PM_KIND_LIST: return of_list(field, member);
    case PM_KIND_ONE:  return of_part(field->part, member);
    }
    return NULL;
}

/* jansson's setters take NULL for "could not be made" and answer -1. */
static json_t *of_part(const struct pm_desc *desc, const void *from)
{
    json_t *object = json_object();

    for (size_t i = 0; i < desc->n; i++) {
        const struct pm_field *field = &desc->fields[i];

        if (json_object_set_new_nocheck(object, field->key,
                                        of_member(field, (const char *)from + field->offset)) == 0)
            continue;
        json_decref(object);
        return NULL;
    }
    return object;
}

static char *print(const json_t *json, int indent)
{
    size_t flags = JSON_REAL_PRECISION(DIGITS);

    return json_dumps(json, flags | (indent > 0 ? JSON_INDENT((size_t)indent) : JSON_COMPACT));
}

static json_t *of_document(const char *key, const struct pm_desc *desc, const void *items,
                           size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        if (json_array_append_new(array, of_part(desc, (const char *)items + i * desc->size)) == 0)
            continue;
        json_decref(array);
        return NULL;
    }
    return json_pack("{s:s, s:o}", "schema", SCHEMA, key, array);
}

enum pm_err pm_json_document(const char *key, const struct pm_desc *desc, const void *items,
                             size_t count, int indent, char **out)
{
    json_t *document = of_document(key, desc, items, count);
    char *text = document ? print(document, indent) : NULL;

    json_decref(document);
    if (!text)
        return PM_NO_MEMORY;
    *out = pm_printf("%s\n", text);
    free(text);
    return PM_OK;
}

enum pm_err pm_json_line(const struct pm_desc *desc, const void *item, char **out)
{
    json_t *object = of_part(desc, item);
    char *text = object ? print(object, 0) : NULL;

    json_decref(object);
    if (!text)
        return PM_NO_MEMORY;
    *out = text;
    return PM_OK;
}
