/* The common beginning shrinks with every candidate. It is cut between characters only: half of
 * one would be no text. A candidate too long for a prompt is none. */
#include "complete.h"

#include <procman/utf8.h>

#include <stdio.h>
#include <string.h>

static size_t common_bytes(const char *a, const char *b)
{
    size_t n = 0, whole = 0, step;

    while (a[n] != '\0' && a[n] == b[n])
        n++;
    while (whole < n && (step = pm_utf8_next((const uint8_t *)a + whole, strlen(a + whole))) > 0
           && whole + step <= n)
        whole += step;
    return whole;
}

void complete_offer(struct complete *complete, const char *candidate)
{
    size_t used = strlen(complete->listed);

    if (strncmp(candidate, complete->begun, strlen(complete->begun)) != 0
        || strlen(candidate) > COMPLETE_BYTES)
        return;
    if (complete->found++ == 0)
        strcpy(complete->common, candidate);
    else
        complete->common[common_bytes(complete->common, candidate)] = '\0';
    if (used + 1 < sizeof complete->listed)
        snprintf(complete->listed + used, sizeof complete->listed - used, "%s%s",
                 used > 0 ? "  " : "", candidate);
}
