/* Bytes and records by address, over all segments of one process's output. */
#ifndef BRAIN_OUTPUT_READER_H
#define BRAIN_OUTPUT_READER_H

#include "brain/output_store.h"

struct reader {
    struct output_log *log;
    size_t piece;                 /* the open one; log->segments.n is the live file */
    int fd;                       /* -1: none */
    uint64_t begin, end;          /* of the open one */
    int error;                    /* why one could not be opened; 0: it was only not there */
};

void reader_init(struct reader *reader, struct output_log *log);
void reader_fini(struct reader *reader);

size_t reader_pieces(const struct reader *reader);
uint64_t reader_begin(const struct reader *reader);      /* the oldest byte that is kept */
/* The address itself, or of the next byte that is kept. */
uint64_t reader_kept(const struct reader *reader, uint64_t address);
/* At most n bytes from there, fewer only where kept bytes end. */
size_t reader_read(struct reader *reader, uint64_t address, void *to, size_t n);

/* The index of a piece and where the piece begins; log_shut_index() it. false: there is none */
bool reader_index(const struct reader *reader, size_t piece, uint64_t *begin,
                  struct index_source *out);

#endif
