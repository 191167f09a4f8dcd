/* schema: what a configuration file may hold, for editors. */
#include "out.h"
#include "verbs.h"

#include <stdlib.h>

enum pm_err verb_schema(struct ctl *ctl)
{
    char *schema PM_CLEANUP(pm_free) = pm_config_schema();

    (void)ctl;
    out_text(schema);
    return PM_OK;
}
