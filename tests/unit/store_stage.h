/* A store in a directory of its own, for the tests of what it keeps. */
#ifndef TEST_STORE_STAGE_H
#define TEST_STORE_STAGE_H

#include "sheriffd/store_io.h"

extern char dir[64], path[96];   /* of the database */
extern struct store *store;      /* NULL: it is closed */
extern struct image image;       /* what it had when it was opened last */
extern char *why;                /* it could not be */

void store_stage_begin(void);    /* .init and .fini of a suite */
void store_stage_end(void);

enum pm_err open_store(void);    /* closes it first */
void write_ok(struct batch *batch);
struct batch *written(struct batch *batch);           /* the answer is the caller's */
struct history *answered(struct history *question);   /* likewise */
void sql(const char *statement); /* done to the file, behind the back of a closed store */

struct pm_spec spec(uint64_t id, const char *name);
struct batch *one_process(void); /* cam, number 7, wanted up by order 12 of ann */

#endif
