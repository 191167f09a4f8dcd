/* Reading back what was written, from all that is kept of it. */
#ifndef BRAIN_OUTPUT_READ_H
#define BRAIN_OUTPUT_READ_H

#include "brain/output_store.h"

#define READ_MARKS_MOST 1000 /* in one answer, which is cut before it has more */

struct output_answer {      /* data and marks are heap */
    uint64_t begin, end, offset;
    uint8_t *data;
    size_t n;
    struct pm_mark *marks;
    size_t n_marks;
    char text[400];         /* why not, on IO */
};

/* From the latest of the places that `read` names. What never wrote has written nothing: no error.
 * OK | IO */
enum pm_err output_read(struct output_log *log, const struct pm_read *read,
                        struct output_answer *out) PM_MUST_USE;

/* The last lines a run wrote, see output.h. *out_end is the address after its last byte, 0 when
 * it is not known to have written any. *out is heap, or NULL. */
void output_read_last(struct output_log *log, uint64_t run, uint64_t *out_end, uint8_t **out,
                      size_t *out_n);

#endif
