/* glibc gives back by itself only what is free at the top of a heap. After a crowd most of what is
 * free lies between blocks that live on, in the heap of every thread that had to do with it: a
 * daemon that needed 1.5 MiB went on holding 4. malloc_trim(3) gives all whole pages back, wherever
 * they are.
 *
 * It is not free of cost, so it is called when there is something to give: when what we hold beyond
 * what is in use has grown. What the allocator calls free would not tell that, since it counts what
 * was given back as well.
 */
#include <procman/spare.h>

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPARE_BYTES ((size_t)256 << 10) /* less is not worth a look: the next message needs it */
#define TEXT_BYTES  128                 /* of /proc/self/statm: seven numbers */

/* Resident memory; 0: it cannot be known. */
static size_t held_bytes(void)
{
    char text[TEXT_BYTES];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    const char *resident;

    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    resident = strchr(text, ' '); /* the second of them, in pages; see proc(5) */
    return resident != NULL ? strtoul(resident, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

/* Held and not in use: code and stacks, too, but these stay as they are. */
static size_t idle_bytes(void)
{
    struct mallinfo2 heap = mallinfo2();
    size_t held = held_bytes(), used = heap.uordblks + heap.hblkhd;

    return held > used ? held - used : 0;
}

void pm_spare_look(struct pm_spare *spare)
{
    size_t idle = idle_bytes();

    if (idle > spare->left + SPARE_BYTES) {
        (void)malloc_trim(0);
        spare->left = idle_bytes();
    } else if (idle < spare->left) {
        spare->left = idle;
    }
}
