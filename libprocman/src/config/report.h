/* All errors of one configuration file, shown where they are. */
#ifndef PROCMAN_CONFIG_REPORT_H
#define PROCMAN_CONFIG_REPORT_H

#include <procman/base.h>

struct pm_flaw;

/* One file: what it is called and what it says, borrowed. */
struct pm_source { const char *name, *text; size_t n, base; };

/* A place is a byte offset: both readers know it, and line and column follow. The files lie one
 * behind the other, each from its `base`, so that a place alone also says in which file it is. */
struct pm_report {
    struct pm_source *sources;
    size_t sources_n;
    struct pm_flaw *flaws;    /* at most PM_LIMIT_CONFIG_ERRORS */
    size_t count, more;       /* kept; beyond the limit, counted only */
    size_t line, line_at;     /* where the last search for a line number ended */
};

/* With its first file, the one that was asked for. */
void pm_report_init(struct pm_report *report, const char *name, const char *text, size_t n);
void pm_report_fini(struct pm_report *report);
/* One more. */
struct pm_source pm_report_source(struct pm_report *report, const char *name, const char *text,
                                  size_t n);
const struct pm_source *pm_report_at(const struct pm_report *report, size_t place) PM_MUST_USE;

/* Is all that comes only counted? Then nobody need think of what might have been meant. */
bool pm_report_full(const struct pm_report *report) PM_MUST_USE;
void pm_report_add(struct pm_report *report, size_t place, const char *format, ...)
    PM_PRINTF(3, 4);
/* The key, process … of that name is there twice, also at `first`. */
void pm_report_twice(struct pm_report *report, size_t place, size_t first, const char *what,
                     const char *name);

/* 1, 2, 3 … Quick when places come in order. */
size_t pm_report_line(struct pm_report *report, size_t place) PM_MUST_USE;

/* The report as in config.h, heap; errors in the order of their places. */
char *pm_report_text(struct pm_report *report) PM_MUST_USE;
/* The first sentence that was added, heap; NULL when there is none. */
char *pm_report_sentence(const struct pm_report *report) PM_MUST_USE;

/* A stranger's word made fit for a sentence: printable and not too long. Returns `to`. */
#define PM_QUOTE_SIZE 200
const char *pm_quote(const char *text, char *to);

#endif
