/* The handful of words every other header uses. */
#ifndef PROCMAN_BASE_H
#define PROCMAN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_API       __attribute__((visibility("default")))
#define PM_MUST_USE  __attribute__((warn_unused_result))
#define PM_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#define PM_CLEANUP(function) __attribute__((cleanup(function)))
#define PM_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifdef __cplusplus
#define PM_BEGIN extern "C" {
#define PM_END }
#else
#define PM_BEGIN
#define PM_END
#endif

PM_BEGIN

/* Our own bugs end the program, in release builds too; nothing a peer sends may trip one. */
#define pm_assert(truth) \
    ((truth) ? (void)0 : pm_assertion_failed(#truth, __FILE__, __LINE__, __func__))

PM_API void pm_assertion_failed(const char *truth, const char *file, int line, const char *function)
    __attribute__((noreturn));

/* Memory that must be there. Never NULL: without memory the program ends with a sentence. */
PM_API void *pm_alloc(size_t bytes) PM_MUST_USE;                 /* zeroed */
PM_API void *pm_resize(void *old, size_t count, size_t size) PM_MUST_USE; /* not zeroed */
PM_API char *pm_strdup(const char *text) PM_MUST_USE;            /* NULL is "" */
PM_API char *pm_printf(const char *format, ...) PM_PRINTF(1, 2) PM_MUST_USE;

/* For PM_CLEANUP on a `char *` or any heap pointer: frees what it points to, leaves NULL. */
PM_API void pm_free(void *pointer_to_pointer);

PM_END
#endif
