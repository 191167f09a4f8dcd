/* systemd's services.
 *
 * Facts from systemd.service(5), systemd.unit(5), systemd.exec(5), systemd.kill(5) and
 * systemd.resource-control(5). A service without a word about it is not restarted, pauses a tenth
 * of a second before it is, and has 90 seconds to stop. What confines it (namespaces, system calls,
 * capabilities) is not carried over, and each line of it is listed: it may matter.
 */
#include "kinds.h"
#include "rules.h"
#include "systemd.h"
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- settings ---- */

static void set_span(struct import *im, struct process *process, const struct setting *at,
                     const char *key, const char *infinity)
{
    const char *span = systemd_span(im, at);

    if (span == NULL)
        return;
    if (*span == '\0' && infinity == NULL)
        import_left(im, at, "every wait has an end here");
    else
        import_set(im, process, at, key, *span != '\0' ? span : infinity);
}

static void read_stop_timeout(struct import *im, struct process *process, const struct setting *at)
{
    set_span(im, process, at, "stop.timeout", "3650d");
}

static void read_pause(struct import *im, struct process *process, const struct setting *at)
{
    set_span(im, process, at, "restart.delay", NULL);
    set_span(im, process, at, "restart.max_delay", NULL);
}

static void read_longest_pause(struct import *im, struct process *process,
                               const struct setting *at)
{
    set_span(im, process, at, "restart.max_delay", NULL);
}

static void read_watchdog(struct import *im, struct process *process, const struct setting *at)
{
    set_span(im, process, at, "watchdog", "0");
}

static void read_start_timeout(struct import *im, struct process *process,
                               const struct setting *at)
{
    const char *span = systemd_span(im, at);

    if (span != NULL && *span != '\0' && strstr(process->at.value, "notify") != NULL)
        import_part(im, process, at, "ready", "timeout: %s", span);
    else if (span != NULL && *span != '\0')
        import_left(im, at, "only a service that says when it is ready has a limit for that");
}

static void read_restart(struct import *im, struct process *process, const struct setting *at)
{
    static const struct { const char *word, *ours, *advice; } words[] = {
        { "no", "no", NULL },
        { "always", "always", NULL },
        { "on-failure", "on-failure", NULL },
        { "on-success", "no", "a process that ended well is restarted only when any end restarts "
          "it; write auto_restart: always if that is meant" },
        { "on-abnormal", "on-failure", "an exit code that is no success counts as a failure, too; "
          "see restart.success_codes" },
        { "on-abort", "on-failure", "every failure restarts it, not only a signal" },
        { "on-watchdog", "on-failure", "every failure restarts it, not only the watchdog" },
    };

    for (size_t i = 0; i < PM_COUNT(words); i++) {
        if (strcmp(at->value, words[i].word) != 0)
            continue;
        import_set(im, process, at, "auto_restart", words[i].ours);
        if (words[i].advice != NULL)
            import_left(im, at, "%s", words[i].advice);
        return;
    }
    import_left(im, at, "it is no policy of systemd");
}

static void read_type(struct import *im, struct process *process, const struct setting *at)
{
    if (strncmp(at->value, "notify", strlen("notify")) == 0)
        import_part(im, process, at, "ready", "notify: true");
    else if (strcmp(at->value, "forking") == 0)
        import_left(im, at, "what puts itself into the background cannot be looked after; have the "
                    "program stay in the foreground (often an option -f, -D or -n)");
    else if (strcmp(at->value, "dbus") == 0)
        import_left(im, at, "nobody waits for a name on the bus; write a ready probe");
}

/* "0 3 SIGKILL 250": codes are carried over, signals and names are not. */
static void read_success(struct import *im, struct process *process, const struct setting *at)
{
    struct text codes = { 0 }, others = { 0 };

    text_str(&codes, "[0");
    for (const char *word = at->value; *(word += strspn(word, " \t")) != '\0';) {
        size_t n = strcspn(word, " \t");
        if (strspn(word, "0123456789") == n && !(n == 1 && *word == '0'))
            text_print(&codes, ", %.*s", (int)n, word);
        else if (n != 1 || *word != '0')
            text_print(&others, "%s%.*s", others.n > 0 ? " " : "", (int)n, word);
        word += n;
    }
    text_char(&codes, ']');
    import_set(im, process, at, "restart.success_codes", codes.at);
    struct setting rest = *at;
    rest.value = import_str(im, text_get(&others), others.n);
    if (others.n > 0)
        import_left(im, &rest, "only exit codes written as numbers count as success");
    free(codes.at);
    free(others.at);
}

/* A path behind a '-', which forgives that there is nothing. */
static const char *without_dash(struct import *im, const struct setting *at, const char *advice)
{
    struct setting dash = *at;

    if (*at->value != '-')
        return at->value;
    dash.name = import_print(im, "the '-' of %s", at->name);
    import_left(im, &dash, "%s", advice);
    return at->value + 1;
}

static void read_directory(struct import *im, struct process *process, const struct setting *at)
{
    const char *path = without_dash(im, at, "a directory that is missing is a failure");

    if (*path == '~')
        import_left(im, at, "write the home directory out");
    else
        import_set(im, process, at, "working_dir", path);
}

static void read_environment_file(struct import *im, struct process *process,
                                  const struct setting *at)
{
    const char *path = without_dash(im, at, "a file of variables that is missing is a failure");

    if (*process->spec.env_file != '\0')
        import_left(im, at, "there is one file of variables; write them into one");
    else
        import_set(im, process, at, "env_file", path);
}

/* LimitNOFILE=1024:4096 */
static void read_limit(struct import *im, struct process *process, const struct setting *at)
{
    struct text name = { 0 };
    const char *colon = strchr(at->value, ':');
    size_t soft = strcspn(at->value, ":");
    const char *hard = colon != NULL ? colon + 1 : NULL;

    for (const char *letter = at->name + strlen("Limit"); *letter != '\0'; letter++)
        text_char(&name, (char)tolower((unsigned char)*letter));
    const char *first = import_str(im, at->value, soft);
    const char *one = strcmp(first, "infinity") == 0 ? "unlimited" : first;
    const char *two = hard != NULL && strcmp(hard, "infinity") == 0 ? "unlimited" : hard;
    const char *both = import_print(im, "%s%s", one, two != NULL ? two : "");
    bool good = *one != '\0' && both[strspn(both, "unlimtedKMGT0123456789")] == '\0';
    if (!good)
        import_left(im, at, "it is no number and not infinity");
    else if (two == NULL)
        import_part(im, process, at, "limits", "%s: %s", text_get(&name), one);
    else
        import_part(im, process, at, "limits", "%s: {soft: %s, hard: %s}", text_get(&name), one,
                    two);
    free(name.at);
}

static void read_cgroup(struct import *im, struct process *process, const struct setting *at)
{
    static const char *const keys[][2] = { { "MemoryMax", "cgroup.memory_max" },
                                           { "MemoryLimit", "cgroup.memory_max" },
                                           { "CPUQuota", "cgroup.cpu_max" },
                                           { "TasksMax", "cgroup.pids_max" } };
    bool percent = strchr(at->value, '%') != NULL;

    if (*at->value == '\0' || strcmp(at->value, "infinity") == 0)
        return;
    if (percent && strcasecmp(at->name, "CPUQuota") != 0) {
        import_left(im, at, "a share of the machine is not known here; write a number");
        return;
    }
    for (size_t i = 0; i < PM_COUNT(keys); i++)
        if (strcasecmp(at->name, keys[i][0]) == 0)
            import_set(im, process, at, keys[i][1], at->value);
}

static void read_kill_mode(struct import *im, struct process *process, const struct setting *at)
{
    (void)process;
    if (strcmp(at->value, "control-group") != 0)
        import_left(im, at, "what a process began ends with it");
}

static void read_burst(struct import *im, struct process *process, const struct setting *at)
{
    long burst;

    if (rules_number(im, at, 0, 1000000, &burst))
        import_set(im, process, at, "restart.max_failures", import_print(im, "%ld", burst));
}

/* So many starts in that time are too many: a life as long as it forgives. */
static void read_interval(struct import *im, struct process *process, const struct setting *at)
{
    set_span(im, process, at, "restart.settle", NULL);
}

#define RULE(name, how, to) { name, how, to, NULL }
#define READ(name, function) { name, CARRY_READ, NULL, function }
#define OWN_LOG "ProcMan keeps what a process writes; see \"procmanctl logs\" and output.max_size"
#define STEP "make it a process of its own, and let this one depend on its exit: " \
    "depends_on: [{process: …, when: exited}]"

static const struct rule service_rules[] = {
    RULE("ExecStart", CARRY_ELSEWHERE, NULL),
    READ("Type", read_type),
    READ("Restart", read_restart),
    READ("RestartSec", read_pause),
    READ("RestartMaxDelaySec", read_longest_pause),
    READ("SuccessExitStatus", read_success),
    RULE("ExecStop", CARRY_LEFT, "a process is asked to stop by a signal; see stop.signal"),
    RULE("ExecReload", CARRY_LEFT, "\"procmanctl signal HUP\" has a process reload"),
    RULE("ExecStartPre", CARRY_LEFT, STEP),
    RULE("ExecCondition", CARRY_LEFT, STEP),
    RULE("ExecStartPost", CARRY_LEFT, "make it a process that depends on this one"),
    RULE("ExecStopPost", CARRY_LEFT, "let the command do it: COMMAND; code=$?; …; exit $code"),
    RULE("User", CARRY_TEXT, "run_as.user"),
    RULE("Group", CARRY_TEXT, "run_as.group"),
    RULE("KillSignal", CARRY_TEXT, "stop.signal"),
    READ("TimeoutStopSec", read_stop_timeout),
    READ("TimeoutSec", read_stop_timeout),
    READ("TimeoutStartSec", read_start_timeout),
    READ("KillMode", read_kill_mode),
    READ("Environment", systemd_environment),
    READ("EnvironmentFile", read_environment_file),
    RULE("PassEnvironment", CARRY_NOTHING, NULL), /* all of the deputy's is passed */
    READ("WorkingDirectory", read_directory),
    RULE("UMask", CARRY_TEXT, "umask"),
    RULE("Nice", CARRY_TEXT, "nice"),
    READ("Limit*", read_limit),
    READ("WatchdogSec", read_watchdog),
    RULE("NotifyAccess", CARRY_NOTHING, NULL),
    READ("MemoryMax", read_cgroup),
    READ("MemoryLimit", read_cgroup),
    READ("CPUQuota", read_cgroup),
    READ("TasksMax", read_cgroup),
    READ("StartLimitBurst", read_burst),
    READ("StartLimitInterval*", read_interval),
    RULE("RemainAfterExit", CARRY_LEFT, "what has ended is called exited; others depend on it by "
         "when: exited"),
    RULE("PIDFile", CARRY_LEFT, "the program that is started is the process"),
    RULE("GuessMainPID", CARRY_NOTHING, NULL),
    RULE("StandardOutput", CARRY_LEFT, OWN_LOG),
    RULE("StandardError", CARRY_LEFT, OWN_LOG),
    RULE("StandardInput", CARRY_LEFT, "a process reads from /dev/null; begin its command with "
         "<FILE"),
    RULE("SyslogIdentifier", CARRY_NOTHING, NULL),
    RULE("SendSIGKILL", CARRY_LEFT, "who does not stop in time is killed"),
    RULE("Slice", CARRY_LEFT, "processes are in the deputy's control group; see cgroup in "
         "procman.yaml(5)"),
    RULE("Delegate", CARRY_LEFT, "processes are in the deputy's control group"),
    RULE("*", CARRY_LEFT, "ProcMan has nothing like it; what must confine a process goes into its "
         "command, such as systemd-run(1), setpriv(1) or bwrap(1)"),
};

static const struct rule unit_rules[] = {
    RULE("Description", CARRY_NOTHING, NULL),
    RULE("Documentation", CARRY_NOTHING, NULL),
    RULE("After", CARRY_ELSEWHERE, NULL),
    RULE("Requires", CARRY_ELSEWHERE, NULL),
    RULE("Requisite", CARRY_ELSEWHERE, NULL),
    RULE("BindsTo", CARRY_ELSEWHERE, NULL),
    RULE("PartOf", CARRY_ELSEWHERE, NULL),
    RULE("Wants", CARRY_ELSEWHERE, NULL),
    RULE("Before", CARRY_LEFT, "write depends_on to the process that waits"),
    RULE("Conflicts", CARRY_LEFT, "nothing keeps two processes apart; stop one before the other"),
    RULE("OnFailure", CARRY_LEFT, "\"procmanctl events -f\" tells of failures"),
    RULE("Condition*", CARRY_LEFT, "let the command look: test … && exec PROGRAM"),
    RULE("Assert*", CARRY_LEFT, "let the command look: test … && exec PROGRAM"),
    READ("StartLimitBurst", read_burst),
    READ("StartLimitInterval*", read_interval),
    RULE("RequiresMountsFor", CARRY_LEFT, "mounts must be there before deputyd is"),
    RULE("DefaultDependencies", CARRY_NOTHING, NULL),
    RULE("*", CARRY_LEFT, "ProcMan has nothing like it"),
};

static const struct rule install_rules[] = {
    RULE("WantedBy", CARRY_NOTHING, NULL),
    RULE("RequiredBy", CARRY_NOTHING, NULL),
    RULE("*", CARRY_LEFT, "a process has one name, and is started when autostart says so"),
};

static const struct { const char *section; const struct rule *rules; size_t n; } sections[] = {
    { "Service", service_rules, PM_COUNT(service_rules) },
    { "Unit", unit_rules, PM_COUNT(unit_rules) },
    { "Install", install_rules, PM_COUNT(install_rules) },
};

/* ---- a unit ---- */

static void name_unit(struct import *im, struct unit *unit)
{
    static const char ending[] = ".service";
    const char *slash = strrchr(unit->source->name, '/');
    const char *name = slash != NULL ? slash + 1 : unit->source->name;
    size_t n = strlen(name), end = strlen(ending);

    n -= n > end && strcmp(name + n - end, ending) == 0 ? end : 0;
    unit->stem = import_str(im, name, n);
    unit->name = import_print(im, "%s%s", unit->stem, ending);
    n = strcspn(unit->stem, "@");
    unit->prefix = import_str(im, unit->stem, n);
    unit->instance = unit->stem[n] == '@' ? unit->stem + n + 1 : "";
}

/* Lists may be emptied by an empty assignment: where its last one stands. */
static size_t begin_of(const struct unit *unit, const char *name)
{
    const struct ini *ini = &unit->ini;
    size_t begin = 0;

    for (size_t i = 0; unit->empties && i < ini->n; i++)
        if (ini->at[i].name != NULL && strcasecmp(ini->at[i].name, name) == 0 &&
            *ini->at[i].value == '\0')
            begin = i + 1;
    return begin;
}

static void read_commands(struct import *im, const struct unit *unit, const char *subject)
{
    bool first = true;

    for (size_t i = begin_of(unit, "ExecStart"); i < unit->ini.n; i++) {
        const struct ini_line *line = &unit->ini.at[i];
        if (line->name == NULL || strcasecmp(line->name, "ExecStart") != 0)
            continue;
        struct setting at = ini_setting(unit->source, line, subject);
        at.value = systemd_expand(im, unit, &at, line->value);
        if (at.value == NULL)
            continue;
        if (first)
            systemd_exec(im, unit->process, &at);
        else
            import_left(im, &at, "a process runs one command; " STEP);
        first = false;
    }
}

static void read_line(struct import *im, const struct unit *unit, size_t i, const char *subject)
{
    const struct ini_line *line = &unit->ini.at[i];
    struct setting at = ini_setting(unit->source, line, subject);
    const struct rule *rules = NULL;
    size_t n = 0;

    for (size_t s = 0; s < PM_COUNT(sections); s++)
        if (strcasecmp(sections[s].section, line->section) == 0) {
            rules = sections[s].rules;
            n = sections[s].n;
        }
    if (line->name == NULL && rules == NULL && strncmp(line->section, "X-", 2) != 0) {
        at.name = import_print(im, "[%s]", line->section);
        import_left(im, &at, "only services are imported");
    }
    if (line->name == NULL || rules == NULL || *line->value == '\0' ||
        i < begin_of(unit, line->name) || strncasecmp(line->name, "X-", 2) == 0)
        return;
    bool commands = strcasecmp(line->name, "ExecStart") == 0;
    at.value = commands ? line->value : systemd_expand(im, unit, &at, line->value);
    if (at.value != NULL)
        rules_apply(im, rules, n, "systemd", unit->process, &at);
}

static size_t head_of(const struct unit *unit, const char *section)
{
    for (size_t i = 0; i < unit->ini.n; i++)
        if (unit->ini.at[i].name == NULL && strcasecmp(unit->ini.at[i].section, section) == 0)
            return i;
    return unit->ini.n;
}

static bool read_unit(struct import *im, struct unit *unit)
{
    size_t head = head_of(unit, "Service");
    const char *subject = import_print(im, "service %s", unit->stem);

    if (head == unit->ini.n)
        return import_fail(im, unit->source, 0, "there is no [Service] here; only services are "
                           "imported");
    struct setting at = ini_setting(unit->source, &unit->ini.at[head], subject);
    const char *type = ini_value(&unit->ini, head, "Type");
    at.name = unit->name;
    at.value = type != NULL ? type : ""; /* for read_start_timeout */
    unit->process = import_process(im, &at, *unit->instance == '\0' ? unit->prefix
                                   : import_print(im, "%s-%s", unit->prefix, unit->instance));
    if (unit->process == NULL)
        return false;
    unit->process->alias = unit->name;
    import_set(im, unit->process, &at, "stop.timeout", "90s");
    import_set(im, unit->process, &at, "restart.delay", "100ms");
    import_set(im, unit->process, &at, "restart.max_delay", "100ms");
    for (size_t i = 0; i < unit->ini.n; i++)
        unit->empties = unit->empties || (unit->ini.at[i].name != NULL &&
                                          *unit->ini.at[i].value == '\0');
    read_commands(im, unit, subject);
    for (size_t i = 0; i < unit->ini.n; i++)
        read_line(im, unit, i, subject);
    unit->process->at.value = NULL;
    return true;
}

bool systemd_read(struct import *im, struct source *source)
{
    struct unit *unit = import_get(im, sizeof(*unit));

    if (unit == NULL)
        return false;
    unit->source = source;
    name_unit(im, unit);
    im->units[im->units_n++] = unit; /* not more than there are files */
    return ini_read(im, source, INI_SYSTEMD, &unit->ini) && read_unit(im, unit) &&
           im->fault == NULL;
}

/* Who is started at boot is said by [Install]; who is only needed by others, by them. */
static void read_autostart(struct import *im, const struct unit *unit)
{
    bool installed = head_of(unit, "Install") < unit->ini.n;

    if (!installed && !systemd_is_wanted(im, unit))
        import_set(im, unit->process, &unit->process->at, "autostart", "false");
}

void systemd_finish(struct import *im)
{
    for (size_t i = 0; i < im->units_n; i++) {
        if (im->units[i]->process == NULL)
            continue;
        read_autostart(im, im->units[i]);
        systemd_order(im, im->units[i]->process, im->units[i]);
    }
    for (size_t i = 0; i < im->units_n; i++)
        free(im->units[i]->ini.at);
    im->units_n = 0;
}
