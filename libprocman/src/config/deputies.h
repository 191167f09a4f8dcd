/* The list of deputies a file expects. */
#ifndef PROCMAN_CONFIG_DEPUTIES_H
#define PROCMAN_CONFIG_DEPUTIES_H

#include "config/values.h"

/* list NULL: there is none. Names go to *out, in the file's order, each once and without the
 * sheriff's own machine; what is wrong goes to the report. */
void pm_deputies_read(struct pm_reading *reading, const struct pm_node *list, struct pm_strs *out);

#endif
