/* One process's output as one run of addresses, of which the oldest are gone and some in the
 * middle may be, because somebody removed a file. The live file is read where it is written,
 * rotated ones by their names.
 */
#include "brain/output_reader.h"

#include "brain/output_names.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void reader_init(struct reader *reader, struct output_log *log)
{
    *reader = (struct reader){ .log = log, .piece = SIZE_MAX, .fd = -1 };
}

static bool is_live(const struct reader *reader, size_t piece)
{
    return piece == reader->log->segments.n;
}

static void shut(struct reader *reader)
{
    if (reader->fd >= 0 && reader->fd != reader->log->fd)
        close(reader->fd);
    reader->fd = -1;
    reader->piece = SIZE_MAX;
}

void reader_fini(struct reader *reader)
{
    shut(reader);
}

size_t reader_pieces(const struct reader *reader)
{
    return reader->log->segments.n + 1;
}

uint64_t reader_begin(const struct reader *reader)
{
    const struct output_log *log = reader->log;

    return log->segments.n > 0 ? log->segments.at[0].begin : log->begin;
}

static uint64_t begin_of(const struct reader *reader, size_t piece)
{
    return is_live(reader, piece) ? reader->log->begin : reader->log->segments.at[piece].begin;
}

uint64_t reader_kept(const struct reader *reader, uint64_t address)
{
    uint64_t end = reader->log->end, begin;

    if (address >= end)
        return end;
    begin = begin_of(reader, segments_find(&reader->log->segments, address));
    return address > begin ? address : begin;
}

/* The live file is asked for by its name only while it is not being written. */
static int open_piece(const struct reader *reader, size_t piece)
{
    const struct output_log *log = reader->log;
    PM_CLEANUP(pm_free) char *path = NULL;

    if (is_live(reader, piece) && log->fd >= 0)
        return log->fd;
    path = is_live(reader, piece) ? pm_strdup(log->path)
                                  : output_segment_path(log->path, begin_of(reader, piece));
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool go_to(struct reader *reader, size_t piece)
{
    const struct output_log *log = reader->log;

    if (reader->piece == piece)
        return reader->fd >= 0;
    shut(reader);
    reader->piece = piece;
    reader->begin = begin_of(reader, piece);
    reader->end = reader->begin + (is_live(reader, piece) ? log->size
                                                          : log->segments.at[piece].size);
    reader->fd = reader->begin < reader->end ? open_piece(reader, piece) : -1;
    if (reader->fd < 0 && reader->begin < reader->end && errno != ENOENT)
        reader->error = errno;
    return reader->fd >= 0;
}

size_t reader_read(struct reader *reader, uint64_t address, void *to, size_t n)
{
    size_t done = 0;

    while (done < n && address < reader->log->end) {
        size_t piece = segments_find(&reader->log->segments, address);
        uint64_t left;
        ssize_t got;
        if (!go_to(reader, piece) || address < reader->begin || address >= reader->end)
            break;
        left = reader->end - address;
        got = pread(reader->fd, (char *)to + done, n - done < left ? n - done : left,
                    (off_t)(address - reader->begin));
        if (got < 0)
            reader->error = errno;
        if (got <= 0)
            break;
        done += (size_t)got;
        address += (uint64_t)got;
    }
    return done;
}

bool reader_index(const struct reader *reader, size_t piece, uint64_t *begin,
                  struct index_source *out)
{
    *begin = begin_of(reader, piece);
    return log_open_index(reader->log, *begin, out);
}
