/* Files that begin as somebody typed; directories end in '/', hidden ones only when asked for. */
#ifndef TOP_PATHS_H
#define TOP_PATHS_H

#include "complete.h"

void paths_offer(struct complete *into);

#endif
