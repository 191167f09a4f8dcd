/* Messages full of made-up values, for any descriptor: what goes in must come out.
 *
 * Strings and lists live in the arena. `seed` decides everything, so a failure can be repeated. */
#ifndef UNIT_SAMPLE_H
#define UNIT_SAMPLE_H

#include <procman/codec.h>

#include <string.h>

struct sample {
    uint64_t seed;
    struct pm_arena *arena;
};

static inline uint64_t sample_number(struct sample *sample) /* splitmix64 */
{
    uint64_t z = sample->seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Numbers of all sizes: shifted by chance, so small ones are as likely as large ones. */
static inline uint64_t sample_u64(struct sample *sample)
{
    return sample_number(sample) >> sample_number(sample) % 64;
}

static inline const char *sample_text(struct sample *sample)
{
    static const char *const texts[] = { "", "cam", "left camera", "häuschen-7", "相机", "\n\t\"x\"",
                                         "a text that is longer than the 31 bytes of a fixstr" };

    return texts[sample_number(sample) % PM_COUNT(texts)];
}

static inline void sample_part(struct sample *sample, const struct pm_desc *desc, void *out);

static inline void *sample_elements(struct sample *sample, const struct pm_field *field, size_t n)
{
    size_t size = field->kind == PM_KIND_LIST ? field->part->size : 8;
    char *at = pm_arena_get(sample->arena, n * size);

    for (size_t i = 0; i < n; i++) {
        if (field->kind == PM_KIND_LIST)
            sample_part(sample, field->part, at + i * size);
        else if (field->kind == PM_KIND_STRS)
            ((const char **)(void *)at)[i] = sample_text(sample);
        else
            ((int64_t *)(void *)at)[i] = (int64_t)sample_u64(sample) - 100;
    }
    return at;
}

static inline void sample_field(struct sample *sample, const struct pm_field *field, void *member)
{
    struct { const void *at; size_t n; } list = { 0 };
    const char *text;

    switch (field->kind) {
    case PM_KIND_U64:  *(uint64_t *)member = sample_u64(sample); break;
    case PM_KIND_I64:  *(int64_t *)member = (int64_t)sample_u64(sample) - 1000; break;
    case PM_KIND_F64:  *(double *)member = (double)(int64_t)sample_u64(sample) / 16; break;
    case PM_KIND_BOOL: *(bool *)member = sample_number(sample) % 2; break;
    case PM_KIND_ENUM: *(unsigned *)member = (unsigned)(sample_number(sample) % field->words->n);
        break;
    case PM_KIND_STR:
        text = sample_text(sample);
        memcpy(member, &text, sizeof text);
        break;
    case PM_KIND_BIN:
        list.at = sample_text(sample);
        list.n = strlen(list.at);
        memcpy(member, &list, sizeof list);
        break;
    case PM_KIND_ONE:
        sample_part(sample, field->part, member);
        break;
    default:
        list.n = sample_number(sample) % 20;
        list.at = list.n > 0 ? sample_elements(sample, field, list.n) : NULL;
        memcpy(member, &list, sizeof list);
        break;
    }
}

static inline void sample_part(struct sample *sample, const struct pm_desc *desc, void *out)
{
    memset(out, 0, desc->size);
    for (size_t i = 0; i < desc->n; i++)
        if (sample_number(sample) % 3 > 0) /* a third stays empty */
            sample_field(sample, &desc->fields[i], (char *)out + desc->fields[i].offset);
}

#endif
