/* JUnit XML, as test rigs read it: a suite for each run, a case for each step.
 *
 * What XML cannot hold (control characters, and bytes that are no UTF-8) is made visible, so that
 * no name and no reason breaks the file.
 */
#include "script.h"

#include <procman/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LABEL_SIZE 4096 /* a text that was made safe; longer ones are cut */

static const char *escape_of(char c)
{
    switch (c) {
    case '&':  return "&amp;";
    case '<':  return "&lt;";
    case '>':  return "&gt;";
    case '"':  return "&quot;";
    case '\'': return "&apos;";
    default:   return NULL;
    }
}

/* NAME="text", made safe and escaped. */
static void put_attribute(FILE *out, const char *name, const char *text)
{
    char safe[LABEL_SIZE];

    pm_text_safe(text, safe, sizeof(safe));
    fprintf(out, " %s=\"", name);
    for (const char *c = safe; *c; ++c) {
        const char *escape = escape_of(*c);

        if (escape)
            fputs(escape, out);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

static void put_seconds(FILE *out, uint64_t ms)
{
    fprintf(out, " time=\"%llu.%03u\"", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));
}

static bool failed(const struct pm_run_step *step)
{
    return step->state == PM_RUN_STATE_FAILED || step->state == PM_RUN_STATE_ABORTED;
}

static void put_case(FILE *out, const struct pm_script_run *run, size_t nth)
{
    const struct pm_run_step *step = &run->steps.at[nth];
    char name[LABEL_SIZE];

    snprintf(name, sizeof(name), "%zu %s", nth + 1, step->text);
    fputs("    <testcase", out);
    put_attribute(out, "name", name);
    put_attribute(out, "classname", run->script);
    put_seconds(out, step->took_ms);
    if (failed(step)) {
        fputs(">\n      <failure", out);
        put_attribute(out, "type", step->state == PM_RUN_STATE_ABORTED ? "aborted" : step->error);
        put_attribute(out, "message", *step->reason ? step->reason : run->reason);
        fputs("/>\n    </testcase>\n", out);
    } else if (step->state == PM_RUN_STATE_SKIPPED || step->state == PM_RUN_STATE_TODO) {
        fputs(">\n      <skipped/>\n    </testcase>\n", out);
    } else {
        fputs("/>\n", out);
    }
}

static void put_time(FILE *out, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm when;
    char text[32];

    if (gmtime_r(&seconds, &when) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &when) > 0)
        put_attribute(out, "timestamp", text);
}

static void put_suite(FILE *out, const struct pm_script_run *run)
{
    size_t failures = 0, skipped = 0;
    char id[32];

    for (size_t i = 0; i < run->steps.n; ++i) {
        failures += failed(&run->steps.at[i]);
        skipped += run->steps.at[i].state == PM_RUN_STATE_SKIPPED;
    }
    snprintf(id, sizeof(id), "%llu", (unsigned long long)run->number);
    fputs("  <testsuite", out);
    put_attribute(out, "name", run->script);
    put_attribute(out, "id", id);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", run->steps.n,
            failures, skipped);
    put_seconds(out, script_took_ms(run));
    put_time(out, run->began_ms);
    fputs(">\n", out);
    for (size_t i = 0; i < run->steps.n; ++i)
        put_case(out, run, i);
    fputs("  </testsuite>\n", out);
}

char *junit_text(const struct script_runs *runs)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    pm_assert(out);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
    for (size_t i = 0; i < runs->n; ++i)
        put_suite(out, &runs->at[i]);
    fputs("</testsuites>\n", out);
    n = (size_t)fclose(out);
    pm_assert(n == 0 && text);
    return text;
}
