/* "Did you mean …": optimal string alignment distance, so that a slip of a finger — a letter
 * too many, one missing, one wrong, two swapped — costs 1. Only three rows of the table are
 * needed, since a swap looks back two.
 */
#include <procman/suggest.h>

#include <ctype.h>
#include <string.h>

#define LONGEST 80 /* longer words are not mistyped, they are wrong */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Both words are at most LONGEST bytes. */
static unsigned distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
    unsigned rows[3][LONGEST + 1];

    for (unsigned j = 0; j <= b_n; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_n; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

        row[0] = i;
        for (unsigned j = 1; j <= b_n; j++) {
            row[j] = least(above[j - 1] + !same(a[i - 1], b[j - 1]),
                           least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_n % 3][b_n];
}

void pm_suggest_try(struct pm_suggest *suggest, const char *candidate)
{
    size_t wrong_n = strlen(suggest->wrong), n = strlen(candidate);
    unsigned allowed = wrong_n < 3 ? 1 : (unsigned)wrong_n / 3;

    if (wrong_n == 0 || wrong_n > LONGEST || n == 0 || n > LONGEST)
        return;
    unsigned d = distance(suggest->wrong, wrong_n, candidate, n);
    if (d <= allowed && d < wrong_n && (!suggest->best || d < suggest->distance)) {
        suggest->best = candidate;
        suggest->distance = d;
    }
}
