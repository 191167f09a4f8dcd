/* bench BIN TOOLS [MEASURE…]: run the measures, print one row a figure. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct measure {
    const char *name;
    void (*run)(struct fleet *fleet);
};

static const struct measure measures[] = {
    { "start", measure_start },   { "replace", measure_replace }, { "mass", measure_mass },
    { "output", measure_output }, { "apply", measure_apply },     { "brain", measure_brain },
    { "herd", measure_herd },     { "return", measure_return },
};

static bool chosen(const char *name, int n, char **names)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return n == 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: bench BIN TOOLS [start|replace|mass|output|apply|brain|herd|return]…\n",
              stderr);
        return 2;
    }
    atexit(fleet_end_standing);
    figure_head();
    for (size_t i = 0; i < PM_COUNT(measures); i++) {
        struct fleet fleet;

        if (!chosen(measures[i].name, argc - 3, argv + 3))
            continue;
        fleet_begin(&fleet, argv[1], argv[2]);
        measures[i].run(&fleet);
        fleet_end(&fleet);
    }
    return 0;
}
