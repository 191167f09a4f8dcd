/* A stage for stories about output on the disk, without the actor: real pipes and files, each move
 * by hand. The promise under test is always the same: what was written is there once, in order,
 * under its address. */
#ifndef UNIT_LOG_STAGE_H
#define UNIT_LOG_STAGE_H

#include "brain/output_names.h"
#include "brain/output_read.h"
#include "brain/output_store.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#define ALL_MOST 8192

struct log_stage {
    char dir[64], path[96];
    struct output_store store;
    struct output_log *log;
    int pipe[2];
    uint64_t run;
    char all[ALL_MOST];        /* what the process has written so far */
    size_t n_all;
};
extern struct log_stage t;

void stage_setup(void);    /* .init and .fini of a suite */
void stage_teardown(void);

void open_store(void);
void forget_store(void);   /* as if we had been killed: what is in memory only is lost */

void given_written(size_t n);  /* numbered bytes into the pipe */
void when_moved(void);         /* all of them, to the disk */
void given_100_bytes(void);    /* on the disk, and known to the index */
struct output_answer when_read(struct pm_read read);
void free_answer(struct output_answer *answer);

void then_all_is_there(void);  /* as a user would see: cat NAME.log.* NAME.log */
void then_reads_as_written(uint64_t from);
bool has_index_at(uint64_t begin);
uint64_t bytes_in(const char *dir);

#endif
