/* The digest in a beat.
 *
 * A status says only what changed, so a lost one would leave the sheriff with a wrong picture
 * for ever. Both ends therefore compare one number each second. The hash is defined over bytes
 * and fixed-width little-endian numbers, so deputies of another architecture agree.
 */
#include <procman/checksum.h>
#include <procman/status.h>

#include <string.h>

/* With its end, so that ("a", "bc") and ("ab", "c") differ. */
static uint64_t mix_text(uint64_t hash, const char *text)
{
    return text != NULL ? pm_checksum(hash, text, strlen(text) + 1) : pm_checksum(hash, "", 1);
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
    uint8_t bytes[sizeof number];

    for (unsigned i = 0; i < sizeof number; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    return pm_checksum(hash, bytes, sizeof bytes);
}

uint64_t pm_status_row_digest(const struct pm_status_row *row)
{
    uint64_t hash = PM_CHECKSUM_BASIS;

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
