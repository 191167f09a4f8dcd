/* One log line is one write(2), so lines of several processes on one stderr do not mix. The
 * level and the prefix are the only file statics of ProcMan: they are set once, in main.
 */
#include <procman/log.h>

#include <procman/text.h>
#include <procman/time.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 4096 /* PIPE_BUF: a longer write to a pipe may be split */

static struct {
    const char *program;
    enum pm_log_level most;
    bool journal;
} settings = { "", PM_LOG_INFO, false };

/* systemd.exec(5): "DEVICE:INODE" of the stream, in decimal. A program that was begun by a service
 * inherits the variable also when its own stderr is a file or a terminal. */
static bool is_journal(const char *stream)
{
    unsigned long long device, inode;
    struct stat status;

    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
           status.st_ino == inode;
}

void pm_log_open(const char *program, enum pm_log_level most)
{
    settings.program = program;
    settings.most = most;
    settings.journal = is_journal(getenv("JOURNAL_STREAM"));
}

/* "<6>" for the journal, which has its own clock and knows the program; otherwise
 * "2031-05-06T07:08:09.123Z sheriffd: ". */
static size_t prefix(enum pm_log_level level, char *line, size_t size)
{
    struct pm_wall now = pm_wall_now();
    time_t seconds = now.ms / 1000;
    struct tm utc;

    if (settings.journal)
        return (size_t)snprintf(line, size, "<%d>", (int)level);
    gmtime_r(&seconds, &utc);
    size_t n = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
    n += (size_t)snprintf(line + n, size - n, ".%03dZ %s%s%s", (int)(now.ms % 1000),
                          settings.program, *settings.program ? ": " : "",
                          level == PM_LOG_ERROR ? "error: " : "");
    return n;
}

void pm_log(enum pm_log_level level, const char *format, ...)
{
    char text[LINE_SIZE / 2], line[LINE_SIZE];
    int saved = errno;
    va_list values;

    if (level > settings.most)
        return;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);

    size_t n = prefix(level, line, sizeof line / 4);
    pm_text_safe(text, line + n, sizeof line - n - 1);
    n = strlen(line);
    line[n++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, n); /* nobody is left to tell when this fails */
    (void)written;
    errno = saved;
}
