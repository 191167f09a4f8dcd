/* The digest in a beat.
 *
 * A status says only what changed, so a lost one would leave the sheriff with a wrong picture
 * for ever. Both ends therefore compare one number each second. The hash is defined over bytes
 * and fixed-width little-endian numbers, so deputies of another architecture agree.
 */
#include <procman/status.h>

/* FNV-1a, 64 bits: offset basis and prime as in draft-eastlake-fnv. */
#define FNV_BASIS 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

static uint64_t mix_byte(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * FNV_PRIME;
}

/* With its end, so that ("a", "bc") and ("ab", "c") differ. */
static uint64_t mix_text(uint64_t hash, const char *text)
{
    if (text != NULL)
        for (; *text != '\0'; text++)
            hash = mix_byte(hash, (uint8_t)*text);
    return mix_byte(hash, 0);
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
    for (unsigned i = 0; i < sizeof number; i++)
        hash = mix_byte(hash, (uint8_t)(number >> (8 * i)));
    return hash;
}

uint64_t pm_status_row_digest(const struct pm_status_row *row)
{
    uint64_t hash = FNV_BASIS;

    hash = mix_text(hash, row->group);
    hash = mix_text(hash, row->name);
    hash = mix_number(hash, (uint64_t)row->state);
    hash = mix_number(hash, (uint64_t)row->pid);
    hash = mix_number(hash, row->run);
    return mix_number(hash, row->order);
}

uint64_t pm_status_digest(const struct pm_status_row *rows, size_t n)
{
    uint64_t digest = 0;

    for (size_t i = 0; i < n; i++)
        digest ^= pm_status_row_digest(&rows[i]);
    return digest;
}
