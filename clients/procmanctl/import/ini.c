/* One walk over the lines for all dialects; what differs is how a value goes on and where it
 * ends. */
#include "ini.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\f"

struct reading {
    struct import *im;
    struct source *source;
    enum ini_dialect dialect;
    struct ini *ini;
    const char *at;       /* the next line */
    size_t line;          /* its number */
    const char *section;
    struct text value;    /* of the last line, which may go on */
    bool goes_on;         /* systemd: it ended with a backslash */
};

static const char *keep(struct reading *reading, const char *text, size_t n)
{
    while (n > 0 && strchr(BLANKS, *text) != NULL)
        text++, n--;
    while (n > 0 && strchr(BLANKS, text[n - 1]) != NULL)
        n--;
    return import_str(reading->im, text, n);
}

static void add_line(struct reading *reading, const char *name)
{
    struct ini *ini = reading->ini;

    if (ini->n == ini->cap) {
        ini->cap = ini->cap > 0 ? ini->cap * 2 : 64;
        ini->at = pm_resize(ini->at, ini->cap, sizeof(*ini->at));
    }
    ini->at[ini->n++] = (struct ini_line){ .section = reading->section, .name = name, .value = "",
                                           .line = reading->line };
}

/* The value that was gathered belongs to the last line. */
static void end_value(struct reading *reading)
{
    struct ini *ini = reading->ini;

    if (ini->n > 0 && ini->at[ini->n - 1].name != NULL && reading->value.at != NULL)
        ini->at[ini->n - 1].value = keep(reading, reading->value.at, reading->value.n);
    free(reading->value.at);
    reading->value = (struct text){ 0 };
}

/* How much of a value is left of its comment. */
static size_t before_comment(const struct reading *reading, const char *value, size_t n)
{
    if (reading->dialect == INI_SYSTEMD)
        return n;
    for (size_t i = 1; i < n; i++)
        if ((value[i] == ';' || (value[i] == '#' && reading->dialect == INI_SUPERVISORD)) &&
            strchr(BLANKS, value[i - 1]) != NULL)
            return i;
    return n;
}

static void add_value(struct reading *reading, const char *value, size_t n)
{
    size_t kept = before_comment(reading, value, n);

    reading->goes_on = reading->dialect == INI_SYSTEMD && kept > 0 && value[kept - 1] == '\\';
    text_add(&reading->value, value, kept - reading->goes_on);
    if (reading->goes_on)
        text_char(&reading->value, ' ');
}

static bool read_head(struct reading *reading, const char *text, size_t n)
{
    const char *close = memchr(text, ']', n);

    if (close == NULL || close == text + 1)
        return import_fail(reading->im, reading->source, reading->line,
                           close == NULL ? "the bracket of this section is not closed"
                                         : "this section has no name");
    reading->section = keep(reading, text + 1, (size_t)(close - text) - 1);
    add_line(reading, NULL);
    return true;
}

static bool read_value(struct reading *reading, const char *text, size_t n)
{
    const char *marks = reading->dialect == INI_SYSTEMD ? "=" : "=:";
    size_t name = 0;

    while (name < n && strchr(marks, text[name]) == NULL)
        name++;
    if (name == n || name == 0)
        return import_fail(reading->im, reading->source, reading->line,
                           "this is neither [section] nor name = value");
    if (reading->section == NULL)
        return import_fail(reading->im, reading->source, reading->line,
                           "there is no [section] before this line");
    add_line(reading, keep(reading, text, name));
    add_value(reading, text + name + 1, n - name - 1);
    return true;
}

static bool read_line(struct reading *reading, const char *text, size_t n)
{
    bool indented = n > 0 && strchr(BLANKS, *text) != NULL;
    size_t blanks = 0;

    while (blanks < n && strchr(BLANKS, text[blanks]) != NULL)
        blanks++;
    bool comment = blanks < n && (text[blanks] == '#' || text[blanks] == ';');
    if (comment || (blanks == n && reading->dialect != INI_SYSTEMD))
        return true;
    if (reading->goes_on) {
        add_value(reading, text, n);
        return true;
    }
    if (indented && reading->dialect != INI_SYSTEMD && reading->value.at != NULL) {
        text_char(&reading->value, '\n');
        add_value(reading, text + blanks, n - blanks);
        return true;
    }
    end_value(reading);
    if (blanks == n)
        return true;
    text += blanks;
    n -= blanks;
    return *text == '[' ? read_head(reading, text, n) : read_value(reading, text, n);
}

bool ini_read(struct import *im, struct source *source, enum ini_dialect dialect, struct ini *out)
{
    struct reading reading = { .im = im, .source = source, .dialect = dialect, .ini = out,
                               .at = source->text, .line = 1 };
    bool good = true;

    if (strncmp(reading.at, "\xef\xbb\xbf", 3) == 0)
        reading.at += 3;
    for (; good && *reading.at != '\0'; reading.line++) {
        size_t n = strcspn(reading.at, "\n");
        good = read_line(&reading, reading.at, n);
        reading.at += n + (reading.at[n] == '\n');
    }
    end_value(&reading);
    return good && im->fault == NULL;
}

size_t ini_section_end(const struct ini *ini, size_t head)
{
    size_t end = head + 1;

    while (end < ini->n && ini->at[end].name != NULL)
        end++;
    return end;
}

const char *ini_value(const struct ini *ini, size_t head, const char *name)
{
    const char *value = NULL;

    for (size_t i = head + 1; i < ini->n && ini->at[i].name != NULL; i++)
        if (strcasecmp(ini->at[i].name, name) == 0)
            value = ini->at[i].value;
    return value;
}

struct setting ini_setting(struct source *source, const struct ini_line *line, const char *subject)
{
    return (struct setting){ .source = source, .line = line->line, .subject = subject,
                             .name = line->name != NULL ? line->name : line->section,
                             .value = line->value };
}
