/* From each thread to the children it began, and so on. Only processes whose memory is limited are
 * weighed, once a second, so nothing is kept open for it.
 */
#include "brain/weight_io.h"

#include <procman/base.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TREE_MOST  1000 /* processes: a fork bomb is heavy enough by then */
#define TEXT_BYTES 4096

struct tree { int64_t pids[TREE_MOST]; size_t n; };

/* 0: there is no such file, or nothing in it. */
static size_t read_text(const char *path, char text[TEXT_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, TEXT_BYTES - 1) : -1;

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void add_children(struct tree *tree, int64_t pid, const char *thread)
{
    char path[64], text[TEXT_BYTES], *at = text, *end;
    size_t n;

    snprintf(path, sizeof path, "/proc/%lld/task/%.20s/children", (long long)pid, thread);
    n = read_text(path, text);
    while (n > 0 && text[n - 1] != ' ') /* a number that is cut off is another process's */
        text[--n] = '\0';
    for (long child; tree->n < TREE_MOST && (child = strtol(at, &end, 10)) > 0; at = end)
        tree->pids[tree->n++] = child;
}

static void add_all_children(struct tree *tree, int64_t pid)
{
    char path[64];
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
    threads = opendir(path);
    if (threads == NULL)
        return;
    for (struct dirent *thread; (thread = readdir(threads)) != NULL; )
        if (thread->d_name[0] != '.')
            add_children(tree, pid, thread->d_name);
    closedir(threads);
}

/* Of /proc/PID/statm the second number, in pages. */
static uint64_t resident(int64_t pid)
{
    char path[64], text[TEXT_BYTES], *end;

    snprintf(path, sizeof path, "/proc/%lld/statm", (long long)pid);
    if (read_text(path, text) == 0)
        return 0;
    (void)strtoull(text, &end, 10);
    return strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t weight_of_tree(int64_t pid)
{
    PM_CLEANUP(pm_free) struct tree *tree = pm_alloc(sizeof *tree);
    uint64_t bytes = 0;

    tree->pids[tree->n++] = pid;
    for (size_t i = 0; i < tree->n; i++) {
        bytes += resident(tree->pids[i]);
        add_all_children(tree, tree->pids[i]);
    }
    return bytes;
}
