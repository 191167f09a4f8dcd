/* A stage for stories about the output mover: real pipes and files in a directory of its own.
 * Nothing sleeps and hopes: every wait is for a fact, with a deadline. */
#ifndef UNIT_OUTPUT_STAGE_H
#define UNIT_OUTPUT_STAGE_H

#include "brain/output.h"

#include <criterion/criterion.h>
#include <procman/time.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 10000

struct output_stage {
char dir[64];
    struct output *output;
    struct output_file *file;
    int pipe[2];
    uint64_t run;
};
extern struct output_stage t;

void stage_setup(void);    /* .init and .fini of a suite; the files are in t.dir/logs */
void stage_teardown(void);

char *path_of(const char *group, const char *name); /* of its live file; heap */

/* A process in its next life, which writes to t.pipe[1]. */
void given_process(const char *group, const char *name);
void when_written(const char *text);
void wait_for_end(uint64_t end); /* all of it is in the file */

struct output_news next_news(enum output_news_kind kind); /* others are passed over */
struct pm_bytes when_asked(const struct pm_read *read);   /* as request 3, process 7 */
struct pm_bytes when_read(uint64_t offset, uint64_t lines, uint64_t most);

void then_file_is(const char *path, const char *expected);
void then_data_is(struct pm_blob data, uint64_t offset, uint64_t expected, const char *text);
#define then_bytes(bytes, from, text) then_data_is((bytes).data, (bytes).offset, from, text)

#endif
