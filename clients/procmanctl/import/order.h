/* Which imported process waits for which. */
#ifndef PROCMANCTL_IMPORT_ORDER_H
#define PROCMANCTL_IMPORT_ORDER_H

#include "import.h"

/* Turn what import_depend gathered into pieces of depends_on; what cannot be is listed as left. */
void order_finish(struct import *im);

#endif
