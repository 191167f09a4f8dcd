/* The index of one segment of output: where its bytes came from, and when. */
#ifndef BRAIN_OUTPUT_INDEX_H
#define BRAIN_OUTPUT_INDEX_H

#include <procman/schema.h>

#define INDEX_RECORD   32  /* bytes of a record in the file */
#define INDEX_MERGE_MS 10  /* what comes within this time is one stretch */
#define INDEX_RUN_LATE 64  /* so many records may one life's last words lie among the next one's */

/* One stretch of bytes. A length of 0 only says that something was lost there. */
struct index_record {
    uint64_t offset, length;   /* in its segment */
    int64_t time_ms;           /* wall clock when its last byte came */
    uint64_t run;
    uint64_t dropped;          /* bytes lost just before it */
    enum pm_stream stream;
};

void index_encode(const struct index_record *record, uint8_t out[INDEX_RECORD]);
bool index_decode(const uint8_t bytes[INDEX_RECORD], struct index_record *out) PM_MUST_USE;

/* A stretch that began at since_ms goes on with `next`: true, if it is of the same origin, follows
 * without a gap, and came soon enough. */
bool index_merge(struct index_record *open, int64_t since_ms, const struct index_record *next);

/* The records of one segment, wherever they are. */
struct index_source {
    bool (*get)(void *self, size_t i, struct index_record *out); /* false: it is unreadable */
    void *self;
    size_t n;
};

/* The first record that ends after this offset; n when there is none. */
size_t index_find_offset(const struct index_source *source, uint64_t offset);
/* The first record that came at this time or later; n when there is none. */
size_t index_find_time(const struct index_source *source, int64_t time_ms);

/* Looks for the first stretch of a life or of a later one, backwards from the newest record. Lives
 * are numbered upwards, but their last words may come late, and the numbers begin anew when
 * the deputy's memory of them is lost: what is older than that is not looked at. */
struct index_hunt {
    uint64_t wanted;
    uint64_t lowest;           /* number met so far */
    unsigned strangers;        /* met in a row */
    bool found, over;
    uint64_t address;          /* found: of its first byte */
};

void index_hunt_init(struct index_hunt *hunt, uint64_t run);
/* The next older record, of the segment that begins at `begin`. */
void index_hunt_step(struct index_hunt *hunt, uint64_t begin, const struct index_record *record);

#endif
