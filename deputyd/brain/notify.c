/* Lines of KEY=VALUE, of which three matter to us. The sender may be anybody's program: what is not
 * understood is passed over, what would disturb a terminal is made visible.
 */
#include "brain/notify.h"

#include <procman/text.h>

#include <string.h>

static bool is(const char *line, size_t n, const char *words)
{
    return n == strlen(words) && memcmp(line, words, n) == 0;
}

static void read_line(const char *line, size_t n, struct notice *out)
{
    static const char status[] = "STATUS=";
    size_t key = sizeof status - 1;
    char text[NOTIFY_STATUS];

    out->ready = out->ready || is(line, n, "READY=1");
    out->alive = out->alive || is(line, n, "WATCHDOG=1");
    out->trigger = out->trigger || is(line, n, "WATCHDOG=trigger");
    if (n < key || memcmp(line, status, key) != 0)
        return;
    n = n - key < sizeof text - 1 ? n - key : sizeof text - 1;
    memcpy(text, line + key, n);
    text[n] = '\0';
    pm_text_safe(text, out->text, sizeof out->text);
    out->status = true;
}

void notice_read(const char *text, size_t n, struct notice *out)
{
    const char *end = text + n, *line_end;

    *out = (struct notice){ 0 };
    for (const char *line = text; line < end; line = line_end + 1) {
        line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL)
            line_end = end;
        read_line(line, (size_t)(line_end - line), out);
    }
}
