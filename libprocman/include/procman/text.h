/* Numbers as people write and read them. */
#ifndef PROCMAN_TEXT_H
#define PROCMAN_TEXT_H

#include <procman/error.h>

PM_BEGIN

/* "500ms" "5s" "1.5s" "2m" "1h" "3d" "1h30m"; a bare number is seconds. Not negative.
 * OK | USAGE */
PM_API enum pm_err pm_parse_duration(const char *text, uint64_t *out_ms) PM_MUST_USE;

/* "10" "64k" "10MiB" "2G" (powers of 1024; also KB MB GB, powers of 1000). OK | USAGE */
PM_API enum pm_err pm_parse_size(const char *text, uint64_t *out_bytes) PM_MUST_USE;

/* "TERM" "SIGTERM" "15", any case. OK | USAGE */
PM_API enum pm_err pm_parse_signal(const char *text, int64_t *out) PM_MUST_USE;
PM_API const char *pm_signal_name(int64_t signal); /* "SIGTERM"; "signal 99" is "SIG?" */

/* Short and stable widths for tables; each fills text and returns it. 16 bytes are enough. */
#define PM_TEXT_SIZE 16
PM_API const char *pm_text_age(uint64_t ms, char *text);     /* 0.4s 59s 3m20s 2h05m 4d11h */
PM_API const char *pm_text_bytes(uint64_t bytes, char *text); /* 0 812K 1.2M 31G */
/* Exact, as a configuration file has it: "500ms", "10s", "1500ms", "1h". */
PM_API const char *pm_text_duration(uint64_t ms, char *text);

PM_API const char *pm_text_size(uint64_t bytes, char *text);  /* to 1 TiB: 10MiB 4097 64KiB */

/* Copies text into `to` with every control character, ESC, C1 control and invalid UTF-8 byte
 * made visible as \xNN (\n, \t as such); for names and reasons on a terminal. */
PM_API const char *pm_text_safe(const char *text, char *to, size_t size);

PM_END
#endif
