/* The address of a segment's first byte is part of its name, in as many digits as ever needed:
 * so names sort by address, and a directory listing alone says what there is.
 *
 *   NAME.log                           the live file
 *   NAME.log.0000000000123456          a rotated segment
 *   .NAME.log.0000000000123456.index   where the bytes of a segment came from, and when
 *
 * No process's name begins with a '.' here, and no live file ends in anything but ".log".
 */
#include "brain/output_names.h"

#include <inttypes.h>
#include <string.h>

#define LIVE   ".log"
#define INDEX  ".index"
#define DIGITS 16 /* ten petabytes */

char *output_segment_path(const char *live, uint64_t begin)
{
    return pm_printf("%s.%0*" PRIu64, live, DIGITS, begin);
}

char *output_index_path(const char *live, uint64_t begin)
{
    const char *name = strrchr(live, '/');

    name = name != NULL ? name + 1 : live;
    return pm_printf("%.*s.%s.%0*" PRIu64 INDEX, (int)(name - live), live, name, DIGITS, begin);
}

static bool ends_with(const char *name, size_t n, const char *end)
{
    size_t n_end = strlen(end);

    return n > n_end && memcmp(name + n - n_end, end, n_end) == 0;
}

/* ".DIGITS" at the end of name[0..n). */
static bool ends_with_address(const char *name, size_t n, uint64_t *out)
{
    const char *digit = name + n - DIGITS;
    uint64_t address = 0;

    if (n <= DIGITS + 1 || digit[-1] != '.')
        return false;
    for (; digit < name + n; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        address = 10 * address + (uint64_t)(*digit - '0');
    }
    *out = address;
    return true;
}

struct output_name output_name_parse(const char *name)
{
    struct output_name out = { .kind = OUTPUT_SEGMENT, .live = name, .n_live = strlen(name) };

    if (ends_with(name, out.n_live, LIVE)) {
        out.kind = *name == '.' ? OUTPUT_OTHER : OUTPUT_LIVE;
        return out;
    }
    if (*name == '.' && ends_with(name, out.n_live, INDEX)) {
        out.kind = OUTPUT_INDEX;
        out.live++;
        out.n_live -= 1 + strlen(INDEX);
    }
    if (*out.live == '.' || !ends_with_address(out.live, out.n_live, &out.begin)
        || !ends_with(out.live, out.n_live - DIGITS - 1, LIVE))
        return (struct output_name){ .kind = OUTPUT_OTHER };
    out.n_live -= DIGITS + 1;
    return out;
}
