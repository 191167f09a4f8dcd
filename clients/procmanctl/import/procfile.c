/* Procfile, as Heroku defined it and foreman, honcho and others run it: "name: command" a line,
 * run by a shell in the directory of the file, with PORT given to each name, 100 apart from 5000.
 */
#include "kinds.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_PORT 5000
#define PORT_STEP  100

static size_t name_length(const char *line)
{
    size_t n = 0;

    while (isalnum((unsigned char)line[n]) || line[n] == '_' || line[n] == '-')
        n++;
    return n;
}

/* Does the command refer to $PORT? */
static bool wants_port(const char *command)
{
    for (const char *at = strstr(command, "PORT"); at != NULL; at = strstr(at + 1, "PORT"))
        if (at > command && (at[-1] == '$' || (at[-1] == '{' && at - 1 > command &&
                                               at[-2] == '$')) &&
            words_name(at) == strlen("PORT"))
            return true;
    return false;
}

static bool read_line(struct import *im, struct source *source, const char *line, size_t n,
                      size_t number, long port)
{
    size_t name = name_length(line);
    struct setting at = { .source = source, .line = number, .name = "the command", .value = "" };

    if (name == 0 || line[name] != ':')
        return import_fail(im, source, number, "this is not NAME: COMMAND, where NAME has only "
                           "letters, digits, '_' and '-'");
    const char *command = line + name + 1;
    while (n > 0 && strchr(" \t\r\f", line[n - 1]) != NULL)
        n--;
    while (command < line + n && (*command == ' ' || *command == '\t'))
        command++;
    const char *called = import_str(im, line, name);
    at.subject = import_print(im, "process %s", called);
    if (command >= line + n) {
        import_left(im, &at, "it is empty");
        return true;
    }
    at.value = import_str(im, command, (size_t)(line + n - command));
    struct process *process = import_process(im, &at, called);
    if (process == NULL)
        return false;
    import_set(im, process, &at, "command", at.value);
    import_set(im, process, &at, "working_dir", source->directory);
    if (wants_port(at.value))
        import_variable(im, process, &at, "PORT", import_print(im, "%ld", port));
    return true;
}

bool procfile_read(struct import *im, struct source *source)
{
    const char *line = source->text;
    long port = FIRST_PORT;
    bool good = true;

    if (strncmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3;
    for (size_t number = 1; good && *line != '\0'; number++) {
        size_t n = strcspn(line, "\n");
        if (line[strspn(line, " \t\r\f")] != '\n' && line[strspn(line, " \t\r\f")] != '\0' &&
            *line != '#') {
            good = read_line(im, source, line, n, number, port);
            port += PORT_STEP;
        }
        line += n + (line[n] == '\n');
    }
    return good && im->fault == NULL;
}
