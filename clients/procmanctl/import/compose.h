/* What the two files of the reader of process-compose.yaml share. */
#ifndef PROCMANCTL_IMPORT_COMPOSE_H
#define PROCMANCTL_IMPORT_COMPOSE_H

#include "import.h"

/* readiness_probe and liveness_probe. */
void compose_readiness(struct import *im, struct process *process, const struct setting *at);
void compose_liveness(struct import *im, struct process *process, const struct setting *at);
/* ready_log_line */
void compose_log_line(struct import *im, struct process *process, const struct setting *at);

/* Does the text have {{…}}, which only process-compose fills in? It is then listed as left. */
bool compose_is_template(struct import *im, const struct setting *at, const char *text)
    PM_MUST_USE;

#endif
