/* What daemons tell their operator, on stderr: one line, one write, never cut in two.
 *
 * Say who, what, with what, why: "deputy rover-2: cam: exited code=7 run=12; restart in 800 ms".
 * A healthy fleet logs nothing. Control characters of strangers' names are made visible. */
#ifndef PROCMAN_LOG_H
#define PROCMAN_LOG_H

#include <procman/base.h>

PM_BEGIN

/* The numbers are syslog's, which journald reads from a "<N>" in front of a line. */
enum pm_log_level { PM_LOG_ERROR = 3, PM_LOG_WARNING = 4, PM_LOG_INFO = 6, PM_LOG_DEBUG = 7 };

/* Begins every line with `program` and shows nothing above `most`. Before the first call: no
 * program, INFO. When stderr is the stream to the journal that JOURNAL_STREAM in the environment
 * names, lines begin with "<N>", otherwise with the UTC time. Call it before the first thread. */
PM_API void pm_log_open(const char *program, enum pm_log_level most);

PM_API void pm_log(enum pm_log_level level, const char *format, ...) PM_PRINTF(2, 3);

#define pm_log_error(...)   pm_log(PM_LOG_ERROR, __VA_ARGS__)
#define pm_log_warning(...) pm_log(PM_LOG_WARNING, __VA_ARGS__)
#define pm_log_info(...)    pm_log(PM_LOG_INFO, __VA_ARGS__)
#define pm_log_debug(...)   pm_log(PM_LOG_DEBUG, __VA_ARGS__)

PM_END
#endif
