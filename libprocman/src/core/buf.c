/* Bytes that grow at their end. */
#include <procman/codec.h>

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256 /* most messages fit at once */

void pm_buf_fini(struct pm_buf *buf)
{
    free(buf->at);
    *buf = (struct pm_buf){ 0 };
}

static bool grow(struct pm_buf *buf, size_t wanted)
{
    size_t cap = buf->cap > 0 ? buf->cap : FIRST_CAP;

    while (cap < wanted && cap <= SIZE_MAX / 2)
        cap *= 2;
    uint8_t *at = cap < wanted ? NULL : realloc(buf->at, cap);
    if (!at)
        return false;
    buf->at = at;
    buf->cap = cap;
    return true;
}

enum pm_err pm_buf_add(struct pm_buf *buf, const void *bytes, size_t n)
{
    if (n > buf->cap - buf->n && (n > SIZE_MAX - buf->n || !grow(buf, buf->n + n)))
        return PM_NO_MEMORY;
    if (n > 0)
        memcpy(buf->at + buf->n, bytes, n);
    buf->n += n;
    return PM_OK;
}
