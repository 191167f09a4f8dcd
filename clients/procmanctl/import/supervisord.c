/* supervisord.conf, of Supervisor 3 and 4.
 *
 * Facts from its documentation of configuration, subprocesses and their states. A program without
 * a word about restarts comes back after an unexpected end, but not when it died four times within
 * startsecs of its start; that, the stop signal and its patience are carried over even where the
 * file leaves them to their defaults. Its logs are not: ours are rotated and kept by themselves.
 */
#include "ini.h"
#include "kinds.h"
#include "rules.h"
#include "supervisord.h"
#include "words.h"

#include <procman/config.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PROGRAM "program:"
#define GROUP   "group:"
#define START_RETRIES 3       /* its default */
#define LONGEST_PAUSE 60      /* seconds; there each pause is a second longer than the last */

struct config {               /* a file and, for the first, those it includes */
    struct source *source;
    struct ini ini;
};

struct group { const char *name, *programs; struct group *next; };   /* a [group:x] */
struct common { const struct config *config; const struct ini_line *line; struct common *next; };

struct reading {
    struct import *im;
    struct config files[IMPORT_FILES];
    size_t files_n;
    struct group *groups;
    struct common *common, **common_end; /* environment of [supervisord], of every program */
};

/* ---- settings of a program ---- */

static void read_command(struct import *im, struct process *process, const struct setting *at)
{
    struct words words = { 0 };
    const char *fault = words_split(im, at->value, QUOTING_SHELL, &words);

    if (fault != NULL)
        import_left(im, at, "%s", fault);
    else
        words_run(im, process, at, &words);
    free(words.at);
}

static void read_user(struct import *im, struct process *process, const struct setting *at)
{
    import_set(im, process, at, "run_as.user", at->value);
}

static void read_exit_codes(struct import *im, struct process *process, const struct setting *at)
{
    import_set(im, process, at, "restart.success_codes", import_print(im, "[%s]", at->value));
}

static void read_as_group(struct import *im, struct process *process, const struct setting *at)
{
    bool group;

    (void)process;
    if (!rules_bool(at->value, &group))
        import_left(im, at, "it is neither true nor false");
    else if (!group)
        import_left(im, at, "signals always go to the whole process group");
}

static void read_log_size(struct import *im, struct process *process, const struct setting *at)
{
    if (strcmp(at->value, "0") == 0)
        import_left(im, at, "output is always bounded; see output.max_size in procman.yaml(5)");
    else /* there KB is 1024 bytes, as k is here */
        import_set(im, process, at, "output.max_size",
                   import_print(im, "%.*s", (int)(strlen(at->value) -
                                (strlen(at->value) > 1 &&
                                 strcasecmp(at->value + strlen(at->value) - 1, "b") == 0)),
                                at->value));
}

#define OWN_LOG "ProcMan keeps what a process writes; see \"procmanctl logs\" and output.max_size"
#define EVENTS "there are no event listeners; see \"procmanctl events -f\""

static const struct rule rules[] = {
    { "command", CARRY_READ, NULL, read_command },
    { "process_name", CARRY_ELSEWHERE, NULL, NULL },
    { "numprocs", CARRY_ELSEWHERE, NULL, NULL },
    { "numprocs_start", CARRY_ELSEWHERE, NULL, NULL },
    { "priority", CARRY_LEFT, "processes do not wait their turn by number but for one another; "
      "write depends_on where an order matters", NULL },
    { "autostart", CARRY_BOOL, "autostart", NULL },
    { "autorestart", CARRY_ELSEWHERE, NULL, NULL },
    { "startsecs", CARRY_ELSEWHERE, NULL, NULL },
    { "startretries", CARRY_ELSEWHERE, NULL, NULL },
    { "exitcodes", CARRY_READ, NULL, read_exit_codes },
    { "stopsignal", CARRY_TEXT, "stop.signal", NULL },
    { "stopwaitsecs", CARRY_SECONDS, "stop.timeout", NULL },
    { "stopasgroup", CARRY_READ, NULL, read_as_group },
    { "killasgroup", CARRY_READ, NULL, read_as_group },
    { "user", CARRY_READ, NULL, read_user },
    { "redirect_stderr", CARRY_NOTHING, NULL, NULL },
    { "stdout_logfile", CARRY_LEFT, OWN_LOG, NULL },
    { "stdout_logfile_maxbytes", CARRY_READ, NULL, read_log_size },
    { "stdout_logfile_backups", CARRY_TEXT, "output.keep", NULL },
    { "stderr_logfile*", CARRY_LEFT, "both outputs go to one file; \"procmanctl logs --stderr\" "
      "shows one of them", NULL },
    { "stdout_capture_maxbytes", CARRY_LEFT, EVENTS, NULL },
    { "stderr_capture_maxbytes", CARRY_LEFT, EVENTS, NULL },
    { "stdout_events_enabled", CARRY_LEFT, EVENTS, NULL },
    { "stderr_events_enabled", CARRY_LEFT, EVENTS, NULL },
    { "stdout_syslog", CARRY_LEFT, "pipe it into logger(1) in the command", NULL },
    { "stderr_syslog", CARRY_LEFT, "pipe it into logger(1) in the command", NULL },
    { "environment", CARRY_READ, NULL, supervisord_environment },
    { "directory", CARRY_PATH, "working_dir", NULL },
    { "umask", CARRY_TEXT, "umask", NULL },
    { "serverurl", CARRY_LEFT, "a process cannot talk to its supervisor through a URL here", NULL },
};

/* One setting of one copy: filled in, then by its rule. */
static void read_setting(struct import *im, struct process *process, struct setting at,
                         const struct expansion *expansion)
{
    at.value = supervisord_expand(im, &at, expansion, at.value);
    if (at.value == NULL)
        return;
    rules_apply(im, rules, PM_COUNT(rules), "supervisord", process, &at);
}

/* ---- how it restarts ---- */

/* The line of that name in the section, or NULL. */
static const struct ini_line *line_of(const struct ini *ini, size_t head, const char *name)
{
    const struct ini_line *found = NULL;

    for (size_t i = head + 1; i < ini->n && ini->at[i].name != NULL; i++)
        if (strcasecmp(ini->at[i].name, name) == 0)
            found = &ini->at[i];
    return found;
}

static long number_of(struct import *im, const struct config *config, size_t head,
                      const char *subject, const char *name, long fallback)
{
    const struct ini_line *line = line_of(&config->ini, head, name);

    if (line != NULL) {
        struct setting at = ini_setting(config->source, line, subject);
        if (rules_number(im, &at, 0, 1000000, &fallback))
            return fallback;
    }
    return fallback;
}

static void read_restarts(struct import *im, struct process *process, const struct config *config,
                          size_t head, const char *subject)
{
    const struct ini_line *line = line_of(&config->ini, head, "autorestart");
    struct setting at = ini_setting(config->source, line != NULL ? line : &config->ini.at[head],
                                    subject);
    const char *word = line != NULL ? line->value : "unexpected";
    long seconds = number_of(im, config, head, subject, "startsecs", 1);
    long retries = number_of(im, config, head, subject, "startretries", START_RETRIES);
    bool always = false, unexpected = strcasecmp(word, "unexpected") == 0;

    if (!unexpected && !rules_bool(word, &always)) {
        import_left(im, &at, "it is none of false, unexpected and true");
        unexpected = true;
    }
    import_set(im, process, &at, "auto_restart",
               unexpected ? "on-failure" : always ? "always" : "no");
    if (unexpected || always) {
        long pause = retries < 1 ? 1 : retries > LONGEST_PAUSE ? LONGEST_PAUSE : retries;
        import_set(im, process, &at, "restart.max_delay", import_print(im, "%lds", pause));
        import_set(im, process, &at, "restart.delay", "1s");
        import_set(im, process, &at, "restart.settle", import_print(im, "%lds", seconds));
        import_set(im, process, &at, "restart.max_failures", import_print(im, "%ld", retries + 1));
    }
    line = line_of(&config->ini, head, "startsecs");
    if (line != NULL && seconds > 0) {
        at = ini_setting(config->source, line, subject);
        import_part(im, process, &at, "ready", "after: %lds", seconds);
    }
}

/* ---- a program and its copies ---- */

static bool lists(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (; *list != '\0'; list += strcspn(list, ", \t\n"), list += strspn(list, ", \t\n"))
        if (strncmp(list, name, n) == 0 && strcspn(list, ", \t\n") == n)
            return true;
    return false;
}

/* The group that a [group:x] of any file puts the program in; NULL: none. */
static const char *group_of(const struct reading *reading, const char *program)
{
    for (const struct group *group = reading->groups; group != NULL; group = group->next)
        if (lists(group->programs, program))
            return group->name;
    return NULL;
}

/* What is said once for many programs is looked up once. */
static void gather(struct reading *reading, const struct config *config, size_t head)
{
    const struct ini *ini = &config->ini;
    const char *section = ini->at[head].section, *programs = ini_value(ini, head, "programs");
    const struct ini_line *environment = line_of(ini, head, "environment");
    struct group *group = NULL;
    struct common *common = NULL;

    if (strncmp(section, GROUP, strlen(GROUP)) == 0 && programs != NULL &&
        (group = import_get(reading->im, sizeof(*group))) != NULL) {
        *group = (struct group){ section + strlen(GROUP), programs, reading->groups };
        reading->groups = group;
    }
    if (strcmp(section, "supervisord") == 0 && environment != NULL &&
        (common = import_get(reading->im, sizeof(*common))) != NULL) {
        *common = (struct common){ config, environment, NULL };
        *reading->common_end = common;
        reading->common_end = &common->next;
    }
}

static void read_copy(struct reading *reading, const struct config *config, size_t head,
                      const struct expansion *expansion, const char *pattern, bool in_group)
{
    struct import *im = reading->im;
    const char *subject = import_print(im, "program %s", expansion->program);
    struct setting at = ini_setting(config->source, &config->ini.at[head], subject);
    const char *name = supervisord_expand(im, &at, expansion, pattern);
    struct process *process =
        import_process(im, &at, name != NULL && !words_have_variable(name) ? name
                                                                           : expansion->program);

    if (process == NULL)
        return;
    if (in_group)
        import_group(im, process, &at, expansion->group);
    read_restarts(im, process, config, head, subject);
    for (const struct common *common = reading->common; common != NULL; common = common->next)
        read_setting(im, process, ini_setting(common->config->source, common->line, subject),
                     expansion);
    for (size_t i = head + 1, end = ini_section_end(&config->ini, head); i < end; i++)
        read_setting(im, process, ini_setting(config->source, &config->ini.at[i], subject),
                     expansion);
}

/* Are the copies all alike, so that one process with so many instances says it? */
static bool are_alike(struct import *im, const struct config *config, size_t head, long copies)
{
    struct pm_spec spec;
    char *why = NULL;

    for (size_t i = head + 1, end = ini_section_end(&config->ini, head); i < end; i++)
        if (strcasecmp(config->ini.at[i].name, "process_name") != 0 &&
            strstr(config->ini.at[i].value, "%(process_num)") != NULL)
            return false;
    pm_spec_init(&spec);
    enum pm_err err = pm_config_set(&spec, "instances", import_print(im, "%ld", copies),
                                    &im->arena, &why);
    free(why);
    return err == PM_OK;
}

static void read_program(struct reading *reading, const struct config *config, size_t head)
{
    struct import *im = reading->im;
    const char *program = config->ini.at[head].section + strlen(PROGRAM);
    const char *group = group_of(reading, program), *subject = import_print(im, "program %s",
                                                                            program);
    const struct ini_line *line = line_of(&config->ini, head, "numprocs");
    const char *pattern = ini_value(&config->ini, head, "process_name");
    struct expansion expansion = { .program = program, .copies = 1,
                                   .group = group != NULL ? group : program };
    struct setting at = ini_setting(config->source, line != NULL ? line : &config->ini.at[head],
                                    subject);

    if (line != NULL && !rules_number(im, &at, 0, IMPORT_COPIES, &expansion.copies))
        expansion.copies = 1;
    expansion.number = number_of(im, config, head, subject, "numprocs_start", 0);
    if (expansion.copies > 1 && are_alike(im, config, head, expansion.copies)) {
        size_t before = im->processes_n;
        read_copy(reading, config, head, &expansion, program, group != NULL);
        if (im->processes_n > before)
            import_set(im, im->processes[before], &at, "instances",
                       import_print(im, "%ld", expansion.copies));
        return;
    }
    for (long i = 0; i < expansion.copies && im->fault == NULL; i++, expansion.number++)
        read_copy(reading, config, head, &expansion, pattern != NULL ? pattern : program,
                  group != NULL || expansion.copies > 1);
}

/* ---- the other sections ---- */

static const struct { const char *name, *advice; } sections[] = {
    { "unix_http_server", "the sheriff has sockets of its own; see sheriffd(8)" },
    { "inet_http_server", "the sheriff has sockets of its own; see sheriffd(8)" },
    { "supervisorctl", "procmanctl finds its sheriff by itself; see procmanctl(1)" },
    { "rpcinterface:*", "clients are written with libprocman" },
    { "ctlplugin:*", "clients are written with libprocman" },
    { "eventlistener:*", EVENTS },
    { "fcgi-program:*", "sockets are not handed to processes; let the program open its own" },
};

static void leave_section(struct import *im, struct setting at)
{
    const char *advice = "the importer does not know this section; see whether it is one of "
                         "supervisord";

    for (size_t i = 0; i < PM_COUNT(sections); i++) {
        size_t n = strlen(sections[i].name);
        bool open = sections[i].name[n - 1] == '*';
        if (strncmp(at.name, sections[i].name, open ? n - 1 : n + 1) == 0)
            advice = sections[i].advice;
    }
    at.name = import_print(im, "[%s]", at.name);
    import_left(im, &at, "%s", advice);
}

static const struct rule daemon_rules[] = {
    { "environment", CARRY_ELSEWHERE, NULL, NULL },
    { "user", CARRY_LEFT, "run deputyd as that user, or write run_as", NULL },
    { "umask", CARRY_LEFT, "write umask to defaults", NULL },
    { "directory", CARRY_LEFT, "write working_dir to defaults", NULL },
    { "minfds", CARRY_LEFT, "write limits: {nofile: …} to defaults, or raise deputyd's own", NULL },
    { "minprocs", CARRY_LEFT, "write limits: {nproc: …} to defaults, or raise deputyd's own",
      NULL },
    { "*", CARRY_NOTHING, NULL, NULL }, /* how the daemon itself runs */
};

static void read_section(struct reading *reading, const struct config *config, size_t head)
{
    const struct ini *ini = &config->ini;
    struct setting at = ini_setting(config->source, &ini->at[head], NULL);

    at.value = NULL;
    if (strncmp(at.name, PROGRAM, strlen(PROGRAM)) == 0) {
        read_program(reading, config, head);
    } else if (strcmp(at.name, "supervisord") == 0) {
        for (size_t i = head + 1, end = ini_section_end(ini, head); i < end; i++) {
            struct setting setting = ini_setting(config->source, &ini->at[i], "supervisord");
            rules_apply(reading->im, daemon_rules, PM_COUNT(daemon_rules), "supervisord", NULL,
                        &setting);
        }
    } else if (strncmp(at.name, GROUP, strlen(GROUP)) != 0 && strcmp(at.name, "include") != 0) {
        leave_section(reading->im, at);
    }
}

/* ---- files ---- */

static bool add_file(struct reading *reading, struct source *source)
{
    struct config *config = &reading->files[reading->files_n];

    config->source = source;
    reading->files_n++;
    return ini_read(reading->im, source, INI_SUPERVISORD, &config->ini);
}

static bool include_matches(struct reading *reading, const struct setting *at, const char *pattern)
{
    struct import *im = reading->im;
    const char *path = source_path(im, at->source, pattern);
    char *found = im->files != NULL && im->files->match != NULL ? im->files->match(path) : NULL;
    bool good = true;

    if (found == NULL || *found == '\0')
        import_left(im, at, "%s matches no file", pattern);
    for (char *line = found; good && line != NULL && *line != '\0';) {
        size_t n = strcspn(line, "\n");
        const char *file = import_str(im, line, n);
        struct source *source = import_open(im, file, at);
        good = source != NULL && add_file(reading, source);
        line += n + (line[n] == '\n');
    }
    free(found);
    return good;
}

/* Only the first file's [include] counts. */
static bool read_includes(struct reading *reading)
{
    const struct expansion none = { .program = "", .group = "" };
    struct import *im = reading->im;
    bool good = true;

    for (size_t head = 0; head < reading->files[0].ini.n;
         head = ini_section_end(&reading->files[0].ini, head)) {
        const struct ini_line *line = line_of(&reading->files[0].ini, head, "files");
        if (strcmp(reading->files[0].ini.at[head].section, "include") != 0 || line == NULL)
            continue;
        struct setting at = ini_setting(reading->files[0].source, line, "include");
        const char *patterns = supervisord_expand(im, &at, &none, line->value);
        struct words words = { 0 };
        if (patterns != NULL && words_split(im, patterns, QUOTING_SHELL, &words) != NULL)
            import_left(im, &at, "a quote is not closed");
        for (size_t i = 0; good && patterns != NULL && i < words.n; i++)
            good = include_matches(reading, &at, words.at[i]);
        free(words.at);
    }
    return good;
}

static void each_section(struct reading *reading,
                         void (*look)(struct reading *, const struct config *, size_t head))
{
    for (size_t i = 0; i < reading->files_n; i++)
        for (size_t head = 0; head < reading->files[i].ini.n && reading->im->fault == NULL;
             head = ini_section_end(&reading->files[i].ini, head))
            look(reading, &reading->files[i], head);
}

bool supervisord_read(struct import *im, struct source *source)
{
    struct reading *reading = pm_alloc(sizeof(*reading));

    reading->im = im;
    reading->common_end = &reading->common;
    bool good = add_file(reading, source) && read_includes(reading);
    if (good)
        each_section(reading, gather);
    if (good)
        each_section(reading, read_section);
    for (size_t i = 0; i < reading->files_n; i++)
        free(reading->files[i].ini.at);
    free(reading);
    return good && im->fault == NULL;
}
