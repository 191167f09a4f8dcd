/* Numbers as people write and read them: durations, sizes, signals, and strangers' text made
 * harmless for a terminal.
 *
 * Parsing is strict: the whole word must be understood, and what does not fit 64 bits is a
 * mistake, not a wrap-around. Printing is short and never wider than PM_TEXT_SIZE.
 */
#include <procman/text.h>

#include <procman/utf8.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit { const char *name; uint64_t worth; };

#define SECOND_MS UINT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

static const struct unit times[] = {
    { "ms", 1 }, { "s", SECOND_MS }, { "m", MINUTE_MS }, { "h", HOUR_MS }, { "d", DAY_MS },
};

#define KIB UINT64_C(1024)
#define KB  UINT64_C(1000)

static const struct unit sizes[] = {
    { "", 1 }, { "b", 1 },
    { "k", KIB }, { "kib", KIB }, { "kb", KB },
    { "m", KIB * KIB }, { "mib", KIB * KIB }, { "mb", KB * KB },
    { "g", KIB * KIB * KIB }, { "gib", KIB * KIB * KIB }, { "gb", KB * KB * KB },
    { "t", KIB * KIB * KIB * KIB }, { "tib", KIB * KIB * KIB * KIB }, { "tb", KB * KB * KB * KB },
};

/* A decimal number in parts: 1.25 is whole 1, part 25, scale 100. Nine digits of a fraction
 * are read, finer ones make no millisecond and no byte. */
struct number { uint64_t whole, part, scale; };

#define FINEST UINT64_C(1000000000)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool add_digit(uint64_t *number, char digit)
{
    return !__builtin_mul_overflow(*number, 10, number)
        && !__builtin_add_overflow(*number, (uint64_t)(digit - '0'), number);
}

static bool read_number(const char **text, struct number *out)
{
    const char *at = *text;

    *out = (struct number){ .scale = 1 };
    if (!is_digit(*at))
        return false;
    for (; is_digit(*at); at++)
        if (!add_digit(&out->whole, *at))
            return false;
    if (*at == '.') {
        if (!is_digit(*++at))
            return false;
        for (; is_digit(*at); at++)
            if (out->scale < FINEST && add_digit(&out->part, *at))
                out->scale *= 10;
    }
    *text = at;
    return true;
}

static bool worth(const struct number *number, uint64_t unit, uint64_t *out)
{
    unsigned __int128 whole = (unsigned __int128)number->whole * unit;
    unsigned __int128 part = (unsigned __int128)number->part * unit / number->scale;

    if (whole + part > INT64_MAX) /* times and sizes are also stored signed */
        return false;
    *out = (uint64_t)(whole + part);
    return true;
}

static const struct unit *find_unit(const struct unit *units, size_t n, const char *name,
                                    size_t name_n)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(units[i].name) == name_n && strncasecmp(units[i].name, name, name_n) == 0)
            return &units[i];
    return NULL;
}

static size_t letters(const char *text)
{
    size_t n = 0;

    while ((text[n] | 0x20) >= 'a' && (text[n] | 0x20) <= 'z')
        n++;
    return n;
}

enum pm_err pm_parse_duration(const char *text, uint64_t *out_ms)
{
    uint64_t total = 0, last = UINT64_MAX, ms;
    bool alone = true; /* a number without unit is only understood on its own */

    do {
        struct number number;

        if (!read_number(&text, &number))
            return PM_USAGE;
        size_t n = letters(text);
        if (n == 0 && (!alone || *text))
            return PM_USAGE;
        const struct unit *unit = n == 0 ? &times[1] : find_unit(times, PM_COUNT(times), text, n);
        if (!unit || unit->worth >= last || !worth(&number, unit->worth, &ms)
            || __builtin_add_overflow(total, ms, &total) || total > INT64_MAX)
            return PM_USAGE;
        last = unit->worth;
        alone = false;
        text += n;
    } while (*text);
    *out_ms = total;
    return PM_OK;
}

enum pm_err pm_parse_size(const char *text, uint64_t *out_bytes)
{
    struct number number;

    if (!read_number(&text, &number))
        return PM_USAGE;
    const struct unit *unit = find_unit(sizes, PM_COUNT(sizes), text, strlen(text));
    return unit && worth(&number, unit->worth, out_bytes) ? PM_OK : PM_USAGE;
}

/* ---- signals ---- */

static const struct { const char *name; int number; } signals[] = {
#define SIGNAL(name) { "SIG" #name, SIG##name }
    SIGNAL(HUP), SIGNAL(INT), SIGNAL(QUIT), SIGNAL(ILL), SIGNAL(TRAP), SIGNAL(ABRT), SIGNAL(BUS),
    SIGNAL(FPE), SIGNAL(KILL), SIGNAL(USR1), SIGNAL(SEGV), SIGNAL(USR2), SIGNAL(PIPE),
    SIGNAL(ALRM), SIGNAL(TERM), SIGNAL(STKFLT), SIGNAL(CHLD), SIGNAL(CONT), SIGNAL(STOP),
    SIGNAL(TSTP), SIGNAL(TTIN), SIGNAL(TTOU), SIGNAL(URG), SIGNAL(XCPU), SIGNAL(XFSZ),
    SIGNAL(VTALRM), SIGNAL(PROF), SIGNAL(WINCH), SIGNAL(IO), SIGNAL(PWR), SIGNAL(SYS),
#undef SIGNAL
};

#define LAST_SIGNAL 64 /* Linux, signal(7): real-time signals end there */

enum pm_err pm_parse_signal(const char *text, int64_t *out)
{
    const char *bare = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    struct number number;

    for (size_t i = 0; i < PM_COUNT(signals); i++) {
        if (strcasecmp(signals[i].name + 3, bare) == 0) {
            *out = signals[i].number;
            return PM_OK;
        }
    }
    if (!read_number(&text, &number) || *text || number.scale != 1)
        return PM_USAGE;
    if (number.whole < 1 || number.whole > LAST_SIGNAL)
        return PM_USAGE;
    *out = (int64_t)number.whole;
    return PM_OK;
}

const char *pm_signal_name(int64_t signal)
{
    for (size_t i = 0; i < PM_COUNT(signals); i++)
        if (signals[i].number == signal)
            return signals[i].name;
    return "SIG?";
}

/* ---- printing ---- */

const char *pm_text_age(uint64_t ms, char *text)
{
    if (ms < 10 * SECOND_MS)
        snprintf(text, PM_TEXT_SIZE, "%u.%us", (unsigned)(ms / SECOND_MS),
                 (unsigned)(ms % SECOND_MS / 100));
    else if (ms < MINUTE_MS)
        snprintf(text, PM_TEXT_SIZE, "%us", (unsigned)(ms / SECOND_MS));
    else if (ms < HOUR_MS)
        snprintf(text, PM_TEXT_SIZE, "%um%02us", (unsigned)(ms / MINUTE_MS),
                 (unsigned)(ms % MINUTE_MS / SECOND_MS));
    else if (ms < DAY_MS)
        snprintf(text, PM_TEXT_SIZE, "%uh%02um", (unsigned)(ms / HOUR_MS),
                 (unsigned)(ms % HOUR_MS / MINUTE_MS));
    else if (ms < 10000 * DAY_MS)
        snprintf(text, PM_TEXT_SIZE, "%ud%02uh", (unsigned)(ms / DAY_MS),
                 (unsigned)(ms % DAY_MS / HOUR_MS));
    else
        snprintf(text, PM_TEXT_SIZE, "%" PRIu64 "d", ms / DAY_MS);
    return text;
}

const char *pm_text_bytes(uint64_t bytes, char *text)
{
    static const char letter[] = "KMGTPE";
    size_t i = 0;

    if (bytes < KIB) {
        snprintf(text, PM_TEXT_SIZE, "%u", (unsigned)bytes);
        return text;
    }
    double number = (double)bytes / (double)KIB;
    for (; number >= 999.5; number /= (double)KIB) /* never "1000M": that is a column wider */
        i++;
    snprintf(text, PM_TEXT_SIZE, number < 9.95 ? "%.1f%c" : "%.0f%c", number, letter[i]);
    return text;
}

const char *pm_text_duration(uint64_t ms, char *text)
{
    size_t i = PM_COUNT(times) - 1;

    while (i > 0 && (ms == 0 || ms % times[i].worth != 0))
        i--;
    if (ms == 0)
        i = 1; /* "0s" */
    snprintf(text, PM_TEXT_SIZE, "%" PRIu64 "%s", ms / times[i].worth, times[i].name);
    return text;
}

const char *pm_text_size(uint64_t bytes, char *text)
{
    /* Up to GiB: a tebibyte is 1024GiB, and in bytes it still fits. */
    static const struct unit exact[] = {
        { "", 1 }, { "KiB", KIB }, { "MiB", KIB * KIB }, { "GiB", KIB * KIB * KIB },
    };
    size_t i = PM_COUNT(exact) - 1;

    while (i > 0 && (bytes == 0 || bytes % exact[i].worth != 0))
        i--;
    snprintf(text, PM_TEXT_SIZE, "%" PRIu64 "%s", bytes / exact[i].worth, exact[i].name);
    return text;
}

/* ---- strangers' text ---- */

static bool is_harmless(const uint8_t *at, size_t n)
{
    if (n == 1)
        return *at >= 0x20 && *at != 0x7f;
    return n > 1 && !(n == 2 && at[0] == 0xc2 && at[1] < 0xa0); /* C1: U+0080 to U+009F */
}

static size_t escape(uint8_t byte, char *to)
{
    static const char hex[] = "0123456789abcdef";

    memcpy(to, "\\x", 2);
    to[2] = hex[byte >> 4];
    to[3] = hex[byte & 15];
    if (byte == '\n' || byte == '\t') {
        to[1] = byte == '\n' ? 'n' : 't';
        return 2;
    }
    return 4;
}

const char *pm_text_safe(const char *text, char *to, size_t size)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    size_t used = 0;

    pm_assert(size > 0);
    while (at < end) {
        size_t n = pm_utf8_next(at, (size_t)(end - at));
        char shown[4];
        size_t shown_n = n;

        if (is_harmless(at, n)) {
            memcpy(shown, at, n);
        } else {
            shown_n = escape(*at, shown);
            n = 1; /* the rest of a C1 control is shown as the invalid byte it then is */
        }
        if (used + shown_n >= size)
            break;
        memcpy(to + used, shown, shown_n);
        used += shown_n;
        at += n;
    }
    to[used] = '\0';
    return to;
}
