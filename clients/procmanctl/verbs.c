#include "verbs.h"

#include <procman/suggest.h>
#include <string.h>

#define TABLES BIT(PLAIN)
#define ORDERS BIT(NO_WAIT) | BIT(TIMEOUT)

const struct pm_option ctl_options[] = {
    [OPT_RUN_DIR] = { "run-dir", 0, "DIR", "the sheriff's run directory",
                      PM_INTO(struct settings, run_dir) },
    [OPT_JSON] = { "json", 0, NULL, "print JSON", PM_INTO(struct settings, json) },
    [OPT_PLAIN] = { "plain", 0, NULL, "print tables for scripts: tabs, no heading, nothing cut",
                    PM_INTO(struct settings, plain) },
    [OPT_NO_WAIT] = { "no-wait", 0, NULL, "do not wait for the outcome",
                      PM_INTO(struct settings, no_wait) },
    [OPT_TIMEOUT] = { "timeout", 0, "TIME", "wait at most this long, such as 500ms, 30s or 2m",
                      PM_INTO(struct settings, timeout) },
    [OPT_FOLLOW] = { "follow", 'f', NULL, "go on with what comes",
                     PM_INTO(struct settings, follow) },
    [OPT_LINES] = { "lines", 'n', "LINES", "the last so many, or all",
                    PM_INTO(struct settings, lines) },
    [OPT_PLAN] = { "plan", 0, NULL, "say what would happen and do nothing",
                   PM_INTO(struct settings, plan) },
    [OPT_PRUNE] = { "prune", 0, NULL, "remove what is not in the file",
                    PM_INTO(struct settings, prune) },
    [OPT_NO_PRUNE] = { "no-prune", 0, NULL, "keep what is not in the file; the default",
                       PM_INTO(struct settings, no_prune) },
    [OPT_REVISION] = { "revision", 0, "N", "what was applied then, see history",
                       PM_INTO(struct settings, revision) },
    [OPT_DIFF] = { "diff", 0, NULL, "what lies between two revisions",
                   PM_INTO(struct settings, diff) },
    [OPT_MAP] = { "map", 0, "HOST=HOST", "where the file says the first, it means the second",
                  PM_INTO(struct settings, map) },
    [OPT_HOST] = { "host", 0, "HOST", "the deputy to run it; default: the sheriff's own machine",
                   PM_INTO(struct settings, host) },
    [OPT_GROUP] = { "group", 0, "GROUP", "its group, nested with /",
                    PM_INTO(struct settings, group) },
    [OPT_SET] = { "set", 0, "KEY=VALUE", "set a key of procman.yaml(5); may be repeated",
                  PM_INTO(struct settings, set) },
    [OPT_SHOW_ENV] = { "show-env", 0, NULL, "print the values of environment variables",
                       PM_INTO(struct settings, show_env) },
    [OPT_STATE_DIR] = { "state-dir", 0, "DIR", "where a sheriff that is started keeps its state",
                        PM_INTO(struct settings, state_dir) },
    [OPT_KILL] = { "kill", 0, NULL, "end them too", PM_INTO(struct settings, kill) },
    [OPT_SINCE] = { "since", 0, "TIME", "not before: 10m, 2h, 1d (ago), 10:30, 2026-11-22, all",
                    PM_INTO(struct settings, since) },
    [OPT_UNTIL] = { "until", 0, "TIME", "only before", PM_INTO(struct settings, until) },
    [OPT_TIMESTAMPS] = { "timestamps", 0, NULL, "when each line was written",
                         PM_INTO(struct settings, timestamps) },
    [OPT_STDERR] = { "stderr", 0, NULL, "only what was written to standard error",
                     PM_INTO(struct settings, only_err) },
    [OPT_PREVIOUS] = { "previous", 0, NULL, "the life before the present or last one",
                       PM_INTO(struct settings, previous) },
    [OPT_GREP] = { "grep", 0, "RE", "only lines that match an extended regular expression",
                   PM_INTO(struct settings, grep) },
    [OPT_SAVE] = { "save", 0, "DIR", "into files below DIR, byte for byte",
                   PM_INTO(struct settings, save) },
    [OPT_FROM] = { "from", 0, "KIND", "what kind of files they are, when that cannot be seen",
                   PM_INTO(struct settings, from) },
    [OPT_STRICT] = { "strict", 0, NULL, "fail when something cannot be carried over",
                     PM_INTO(struct settings, strict) },
    [OPT_OUTPUT] = { "output", 'o', "FILE", "write to FILE; JSON when it ends with .json",
                     PM_INTO(struct settings, output) },
    [OPT_NO_DEPS] = { "no-deps", 0, NULL, "without what they depend on, and without waiting for it",
                      PM_INTO(struct settings, no_deps) },
    [OPT_DOT] = { "dot", 0, NULL, "print it in the language of graphviz",
                  PM_INTO(struct settings, dot) },
    [OPT_REPEAT] = { "repeat", 0, "N", "run it N times, one after the other",
                     PM_INTO(struct settings, repeat) },
    [OPT_UNTIL_FAIL] = { "until-fail", 0, NULL, "run it again until it fails",
                         PM_INTO(struct settings, until_fail) },
    [OPT_JUNIT] = { "junit", 0, "FILE", "write how each step went to FILE, as JUnit XML",
                    PM_INTO(struct settings, junit) },
    [OPT_DETACH] = { "detach", 0, NULL, "do not wait for its end",
                     PM_INTO(struct settings, detach) },
    [OPT_COUNT] = { 0 },
};

#define NEEDS_SELECTOR " needs a selector: which processes? (\"all\" is every one of them)"

const struct verb verbs[] = {
    { "status", "ls ps", "[SEL…]", "what runs, and how it is",
      "With selectors the exit status is 3 when one of the processes is not running.",
      "procmanctl status\nprocmanctl status drivers/ %failed @rig08\n",
      TABLES, 0, ANY_NUMBER, NULL, verb_status },
    { "deputies", NULL, "", "the machines and their deputies", NULL,
      "procmanctl deputies\n", TABLES, 0, 0, NULL, verb_deputies },
    { "deputy", NULL, "upgrade NAME…", "put the installed program in place of running deputies",
      "One after the other; their processes run on, and are compared before and after.",
      "procmanctl deputy upgrade rig08 rig09\n", 0, 2, ANY_NUMBER,
      "deputy needs a word and a name: deputy upgrade NAME", verb_deputy },
    { "strays", NULL, "[--kill] [HOST…]", "processes of earlier runs that nobody looks after",
      "On all connected deputies, or those named. Without a sheriff: on this machine.",
      "procmanctl strays\nprocmanctl strays --kill rig08\n", TABLES | BIT(KILL), 0, ANY_NUMBER,
      NULL, verb_strays },
    { "start", NULL, "SEL… [--no-deps] [--no-wait] [--timeout TIME]", "bring processes up",
      "What is up already stays as it is; what they depend on is started too. Waits for the "
      "outcome, at most 30 s.",
      "procmanctl start drivers/cam\nprocmanctl start drivers/ '!drivers/lidar' --timeout 5s\n",
      ORDERS | BIT(NO_DEPS), 1, ANY_NUMBER, "start" NEEDS_SELECTOR, verb_start },
    { "stop", NULL, "SEL… [--no-wait] [--timeout TIME]", "bring processes down",
      "Each gets its stop signal and, after its stop timeout, SIGKILL. What depends on others "
      "among them ends first.",
      "procmanctl stop all\nprocmanctl stop @rig08\n",
      ORDERS, 1, ANY_NUMBER, "stop" NEEDS_SELECTOR, verb_stop },
    { "restart", NULL, "SEL… [--no-deps] [--no-wait] [--timeout TIME]",
      "give processes a new run",
      "Starts those that are down, and what they depend on.", "procmanctl restart planner\n",
      ORDERS | BIT(NO_DEPS), 1, ANY_NUMBER, "restart" NEEDS_SELECTOR, verb_restart },
    { "signal", NULL, "SIGNAL SEL…", "send processes a signal",
      "SIGNAL is a name or a number: HUP, SIGUSR1, 10.", "procmanctl signal HUP web\n",
      BIT(TIMEOUT), 2, ANY_NUMBER, "signal needs a signal and a selector", verb_signal },
    { "logs", "tail",
      "SEL… [-f] [-n LINES] [--since TIME] [--until TIME] [--timestamps] [--stderr] [--previous] "
      "[--grep RE] [--save DIR]", "what processes wrote",
      "The last 50 lines of each; all of them with --since, --until, --previous, --save, or --grep "
      "without -f; -n all: all there is. Into a pipe the bytes go as they are; on a terminal "
      "control characters are left out.",
      "procmanctl logs cam -f\nprocmanctl logs drivers/ -n 5\nprocmanctl logs cam -n all | less\n"
      "procmanctl logs all --since 10m --grep 'error|warn' --timestamps\n"
      "procmanctl logs cam --previous --stderr\n"
      "procmanctl logs drivers/ --since 1d --save saved\n",
      BIT(FOLLOW) | BIT(LINES) | BIT(SINCE) | BIT(UNTIL) | BIT(TIMESTAMPS) | BIT(STDERR)
      | BIT(PREVIOUS) | BIT(GREP) | BIT(SAVE), 1, ANY_NUMBER, "logs" NEEDS_SELECTOR, verb_logs },
    { "show", NULL, "SEL… [--show-env]", "all there is to know about processes", NULL,
      "procmanctl show drivers/cam\n", BIT(SHOW_ENV), 1, ANY_NUMBER, "show" NEEDS_SELECTOR,
      verb_show },
    { "graph", NULL, "[SEL…] [--dot]", "what depends on what, and the state of each",
      "Below each process what it depends on. Without a selector: all that depend on others.",
      "procmanctl graph\nprocmanctl graph slam\nprocmanctl graph --dot | dot -Tsvg > fleet.svg\n",
      TABLES | BIT(DOT), 0, ANY_NUMBER, NULL, verb_graph },
    { "why", NULL, "SEL…", "the story of processes, and what to do next",
      "What each is doing and since when, who ordered it, how it ended before and what it wrote "
      "last.",
      "procmanctl why drivers/cam\nprocmanctl why %failed\n", 0, 1, ANY_NUMBER,
      "why" NEEDS_SELECTOR, verb_why },
    { "check", NULL, "FILE [--map HOST=HOST…]", "find all errors of a configuration file",
      "Needs no sheriff.", "procmanctl check fleet.yaml\n",
      BIT(MAP), 1, 1, "check needs a FILE", verb_check },
    { "schema", NULL, "", "print the JSON Schema of a configuration file, for editors",
      "Needs no sheriff.", "procmanctl schema > procman.schema.json\n", 0, 0, 0, NULL,
      verb_schema },
    { "apply", NULL,
      "FILE [--plan] [--prune|--no-prune] [--map HOST=HOST…] | --revision N [--plan]",
      "make the fleet be what a file says",
      "Says for each process what it does: none, live, restart (and why), move, add, remove. What\n"
      "an operator stopped stays down. --revision goes back to what a file said before.",
      "procmanctl apply fleet.yaml --plan\nprocmanctl apply fleet.yaml\n"
      "procmanctl apply --revision 3\n",
      TABLES | BIT(PLAN) | BIT(PRUNE) | BIT(NO_PRUNE) | BIT(REVISION) | BIT(MAP), 0, 1, NULL,
      verb_apply },
    { "history", NULL, "[N | --diff N [M]]", "which files were applied, by whom and when",
      "Of revision N: the processes it defined, as a file that apply takes. With --diff: what\n"
      "lies between N and M, or between N and the last one.",
      "procmanctl history\nprocmanctl history 3 > fleet.yaml\nprocmanctl history --diff 3 5\n",
      TABLES | BIT(DIFF), 0, 2, NULL, verb_history },
    { "add", NULL, "NAME [--host HOST] [--group GROUP] [--set KEY=VALUE…] -- COMMAND…",
      "define one process",
      "It begins stopped. One word of COMMAND is a line in sh syntax; several are the "
      "program and its arguments.",
      "procmanctl add clock --group tools -- sh -c 'while date; do sleep 1; done'\n"
      "procmanctl add web --host rig08 --set auto_restart=always -- 'exec ./web -p $PORT'\n",
      TABLES | BIT(HOST) | BIT(GROUP) | BIT(SET), 1, 1, "add needs a NAME", verb_add },
    { "edit", NULL, "SEL… [--set KEY=VALUE…]", "change keys of processes",
      "Without --set in $VISUAL or $EDITOR. Restarts what runs only where the key matters to a\n"
      "running process.",
      "procmanctl edit cam\nprocmanctl edit cam --set env.PORT=7001 --set stop.timeout=3s\n",
      TABLES | BIT(SET) | BIT(PLAN), 1, ANY_NUMBER, "edit" NEEDS_SELECTOR, verb_edit },
    { "remove", NULL, "SEL… [--no-wait] [--timeout TIME]", "stop processes and forget them", NULL,
      "procmanctl remove tools/clock\n", ORDERS, 1, ANY_NUMBER, "remove" NEEDS_SELECTOR,
      verb_remove },
    { "export", NULL, "[FILE [SEL…]]", "the running configuration, as a file that apply takes",
      "JSON when FILE ends with .json or with --json, else YAML; without FILE, or with -, to "
      "standard output. With selectors only of those processes. It has the values of environment "
      "variables.",
      "procmanctl export\nprocmanctl export fleet.json\nprocmanctl export - drivers/ @rig08\n",
      0, 0, ANY_NUMBER, NULL, verb_export },
    { "import", NULL, "[--from KIND] [-o FILE] [--strict] FILE…",
      "other process managers' files, as a file that apply takes",
      "Reads bot2-procman, supervisord.conf, circus.ini, Procfile, pm2's ecosystem file in JSON,\n"
      "process-compose.yaml and systemd's services, and lists on standard error what it cannot\n"
      "carry over, each with its place and what to do. Needs no sheriff. KIND is bot2-procman,\n"
      "supervisord, circus, procfile, pm2, process-compose or systemd. See procman-migration(7).",
      "procmanctl import /etc/supervisor/supervisord.conf\n"
      "procmanctl import -o fleet.yaml robot.pmd\n"
      "procmanctl import --strict web.service db.service\n",
      BIT(FROM) | BIT(STRICT) | BIT(OUTPUT), 1, ANY_NUMBER, "import needs a FILE", verb_import },
    { "script", NULL,
      "[list | show NAME | run NAME [--timeout TIME] [--repeat N] [--until-fail] [--junit FILE] "
      "[--detach] | status | abort]", "run the scripts of the configuration",
      "run waits for the end and shows each step; the sheriff does them, and goes on when nobody\n"
      "waits. One script is run at a time. --timeout is how long the run may take.",
      "procmanctl script\nprocmanctl script run go\nprocmanctl script status\n"
      "procmanctl script run soak --repeat 100 --until-fail --junit soak.xml\n",
      TABLES | BIT(TIMEOUT) | BIT(REPEAT) | BIT(UNTIL_FAIL) | BIT(JUNIT) | BIT(DETACH), 0, 2, NULL,
      verb_script },
    { "events", NULL, "[SEL…] [-f] [-n EVENTS] [--since TIME]",
      "what happened, and who caused it",
      "The last 50; -n all, and what --since says: as many as one answer holds.",
      "procmanctl events -f\nprocmanctl events drivers/ -n 5\nprocmanctl events --since 1h\n",
      TABLES | BIT(FOLLOW) | BIT(LINES) | BIT(SINCE), 0, ANY_NUMBER, NULL, verb_events },
    { "up", NULL, "[FILE] [--map HOST=HOST…] [--state-dir DIR] [--timeout TIME]",
      "start a sheriff with a deputy on this machine, if none answers",
      "With FILE, its processes too. They all end with \"procmanctl down\".",
      "procmanctl up fleet.yaml\nprocmanctl up fleet.yaml --map '*=localhost'\n",
      TABLES | BIT(STATE_DIR) | BIT(TIMEOUT) | BIT(MAP), 0, 1, NULL, verb_up },
    { "down", NULL, "[--timeout TIME]", "end what \"up\" started, and all of its processes", NULL,
      "procmanctl down\n", BIT(TIMEOUT), 0, 0, NULL, verb_down },
    { "version", NULL, "", "versions of this program and of the sheriff", NULL,
      "procmanctl version\n", 0, 0, 0, NULL, verb_version },
    { "help", NULL, "[VERB]", "how to use all this", NULL, "procmanctl help start\n", 0, 0, 1, NULL,
      verb_help },
};
const size_t verbs_count = PM_COUNT(verbs);

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);

    while (words && n > 0) {
        size_t length = strcspn(words, " ");

        if (length == n && memcmp(words, word, n) == 0)
            return true;
        words = words[length] ? words + length + 1 : NULL;
    }
    return false;
}

const struct verb *verb_find(const char *word)
{
    for (size_t i = 0; i < verbs_count; ++i)
        if (strcmp(verbs[i].name, word) == 0 || has_word(verbs[i].aliases, word))
            return &verbs[i];
    return NULL;
}

const char *verb_suggest(const char *word)
{
    struct pm_suggest near = { .wrong = word };

    for (size_t i = 0; i < verbs_count; ++i)
        pm_suggest_try(&near, verbs[i].name);
    return near.best;
}
