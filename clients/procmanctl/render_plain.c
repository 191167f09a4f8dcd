/* Tables for scripts: a line a row, tabs between, no heading. pm_text_safe leaves no tab and no
 * newline in a cell, so cut -f and awk can trust both. */
#include "table.h"

#include <procman/text.h>
#include <stdlib.h>
#include <string.h>

void render_plain(const struct table *table)
{
    for (size_t i = 0; i < table->n_cells; ++i) {
        const char *text = table->cells[i].text;
        size_t size = 4 * strlen(text) + 1;
        char *safe = pm_alloc(size);

        out_text(pm_text_safe(text, safe, size));
        out_text((i + 1) % table->n_columns ? "\t" : "\n");
        free(safe);
    }
}
