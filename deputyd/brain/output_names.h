/* Names of the files that hold one process's output; see output_store.h for what they are. */
#ifndef BRAIN_OUTPUT_NAMES_H
#define BRAIN_OUTPUT_NAMES_H

#include <procman/base.h>

/* DIR/NAME.log.BEGIN and DIR/.NAME.log.BEGIN.index for a `live` of DIR/NAME.log; heap. */
char *output_segment_path(const char *live, uint64_t begin) PM_MUST_USE;
char *output_index_path(const char *live, uint64_t begin) PM_MUST_USE;

enum output_kind { OUTPUT_OTHER, OUTPUT_LIVE, OUTPUT_SEGMENT, OUTPUT_INDEX };

struct output_name {
    enum output_kind kind;
    const char *live;      /* NAME.log, in the name that was parsed */
    size_t n_live;
    uint64_t begin;        /* of SEGMENT and INDEX */
};

/* What a name in a log directory means. */
struct output_name output_name_parse(const char *name);

#endif
