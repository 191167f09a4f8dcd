/* Text that grows at its end. */
#ifndef PROCMAN_CORE_SINK_H
#define PROCMAN_CORE_SINK_H

#include <procman/base.h>

#include <stdarg.h>

/* { 0 } is empty. `at` is NUL-terminated once something was added; free() ends it. */
struct pm_sink { char *at; size_t n, cap; };

void pm_sink_add(struct pm_sink *sink, const char *text, size_t n);
void pm_sink_str(struct pm_sink *sink, const char *text);
void pm_sink_print(struct pm_sink *sink, const char *format, ...) PM_PRINTF(2, 3);
void pm_sink_vprint(struct pm_sink *sink, const char *format, va_list arguments) PM_PRINTF(2, 0);

#endif
