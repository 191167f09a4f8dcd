/* A moment is a duration before now, a date, a time of day, both, or seconds since 1970. Each form
 * is a pattern of digits; what fits none of them is refused, and so is a date the calendar does
 * not have: mktime would make 3 March of 31 February.
 */
#include "when.h"

#include <errno.h>
#include <procman/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_MS    1000
#define YEAR_ZERO    1900 /* of struct tm */
#define MOST_SECONDS (INT64_C(253402300799)) /* the last one of the year 9999 */
#define FORMS "no time such as 10m, 2h, 1d (ago), 10:30, 2026-11-22, \"2026-11-22 10:30:00\", " \
              "@1795343400 or all"

/* Exactly `digits` digits at *at, which moves behind them. */
static bool take_number(const char **at, int digits, int *out)
{
    int value = 0;

    for (int i = 0; i < digits; ++i) {
        char digit = (*at)[i];

        if (digit < '0' || digit > '9')
            return false;
        value = 10 * value + (digit - '0');
    }
    *at += digits;
    *out = value;
    return true;
}

static bool take_char(const char **at, const char *any)
{
    if (**at == '\0' || !strchr(any, **at))
        return false;
    ++*at;
    return true;
}

/* ".5" or ".123456": milliseconds, what is finer is cut. */
static bool take_fraction(const char **at, int64_t *ms)
{
    int64_t unit = SECOND_MS;

    if (**at < '0' || **at > '9')
        return false;
    for (*ms = 0; **at >= '0' && **at <= '9'; ++*at) {
        unit /= 10;
        *ms += unit * (**at - '0');
    }
    return true;
}

static bool take_date(const char **at, struct tm *tm)
{
    const char *from = *at;

    if (!take_number(at, 4, &tm->tm_year) || !take_char(at, "-")
        || !take_number(at, 2, &tm->tm_mon) || !take_char(at, "-")
        || !take_number(at, 2, &tm->tm_mday)) {
        *at = from;
        return false;
    }
    tm->tm_year -= YEAR_ZERO;
    tm->tm_mon--;
    return true;
}

/* HH:MM, HH:MM:SS, HH:MM:SS.mmm */
static bool take_clock(const char **at, struct tm *tm, int64_t *ms)
{
    if (!take_number(at, 2, &tm->tm_hour) || !take_char(at, ":")
        || !take_number(at, 2, &tm->tm_min))
        return false;
    if (!take_char(at, ":"))
        return true;
    return take_number(at, 2, &tm->tm_sec) && (!take_char(at, ".") || take_fraction(at, ms));
}

/* The calendar's word on it: a wrong day or hour comes back as another one. */
static bool is_real(const struct tm *asked, time_t *out)
{
    struct tm tm = *asked;

    tm.tm_isdst = -1;
    *out = mktime(&tm);
    return *out >= 0 && tm.tm_mday == asked->tm_mday && tm.tm_mon == asked->tm_mon
           && asked->tm_hour < 24 && asked->tm_min < 60 && asked->tm_sec < 60;
}

static enum pm_err refuse(const char *text, const char *what, char **why)
{
    *why = pm_printf("%s is %s", *text ? text : "\"\"", what);
    return PM_USAGE;
}

static enum pm_err parse_calendar(const char *text, struct pm_wall now, struct pm_wall *out,
                                  char **why)
{
    const char *at = text;
    time_t seconds = (time_t)(now.ms / SECOND_MS);
    struct tm tm = { 0 }, today;
    int64_t ms = 0;
    bool fits;

    localtime_r(&seconds, &today);
    if (take_date(&at, &tm)) {
        fits = *at == '\0' || (take_char(&at, " T") && take_clock(&at, &tm, &ms));
    } else {
        fits = take_clock(&at, &tm, &ms);
        tm.tm_year = today.tm_year;
        tm.tm_mon = today.tm_mon;
        tm.tm_mday = today.tm_mday;
    }
    if (!fits || *at != '\0')
        return refuse(text, FORMS, why);
    if (!is_real(&tm, &seconds))
        return refuse(text, "not in the calendar", why);
    out->ms = (int64_t)seconds * SECOND_MS + ms;
    return PM_OK;
}

static enum pm_err parse_epoch(const char *text, struct pm_wall *out, char **why)
{
    const char *at = text + 1;
    int64_t ms = 0;
    char *end;
    long long seconds;

    errno = 0;
    seconds = strtoll(at, &end, 10);
    if (*at < '0' || *at > '9' || errno != 0 || seconds > MOST_SECONDS)
        return refuse(text, FORMS, why);
    at = end;
    if ((take_char(&at, ".") && !take_fraction(&at, &ms)) || *at != '\0')
        return refuse(text, FORMS, why);
    out->ms = seconds * SECOND_MS + ms;
    return PM_OK;
}

enum pm_err when_parse(const char *text, struct pm_wall now, struct pm_wall *out, char **why)
{
    size_t n = strlen(text);
    uint64_t ago;

    if (strcmp(text, "all") == 0) {
        out->ms = 0;
        return PM_OK;
    }
    if (*text == '@')
        return parse_epoch(text, out, why);
    /* A bare number would be seconds, or a year, or an hour: it is none. */
    if (n > 0 && (text[n - 1] < '0' || text[n - 1] > '9')
        && pm_parse_duration(text, &ago) == PM_OK) {
        out->ms = (int64_t)ago < now.ms ? now.ms - (int64_t)ago : 0;
        return PM_OK;
    }
    return parse_calendar(text, now, out, why);
}

/* ---- writing ---- */

static size_t write_with(char between, struct pm_wall when, struct tm *local, char *text)
{
    time_t seconds = (time_t)(when.ms / SECOND_MS);
    size_t n;

    localtime_r(&seconds, local);
    n = strftime(text, WHEN_SIZE, "%F", local);
    text[n++] = between;
    n += strftime(text + n, WHEN_SIZE - n, "%T", local);
    return n + (size_t)snprintf(text + n, WHEN_SIZE - n, ".%03d", (int)(when.ms % SECOND_MS));
}

const char *when_text(struct pm_wall when, char *text)
{
    struct tm local = { 0 };

    (void)write_with(' ', when, &local, text);
    return text;
}

const char *when_iso(struct pm_wall when, char *text)
{
    struct tm local = { 0 };
    size_t n = write_with('T', when, &local, text);
    long minutes = local.tm_gmtoff / 60;

    snprintf(text + n, WHEN_SIZE - n, "%c%02ld:%02ld", minutes < 0 ? '-' : '+',
             labs(minutes) / 60, labs(minutes) % 60);
    return text;
}
