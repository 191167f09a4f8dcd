/* Configuration files that are wrong: the exact report, which is what people see. */
#include <criterion/criterion.h>
#include <procman/config.h>
#include <procman/limits.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row { const char *text, *report; };

static void then_reported(const char *name, const char *text, size_t n, const char *report)
{
    struct pm_config config = { .deputies = { .n = 7 } };
    char *errors = NULL;

    cr_assert_eq(pm_config_parse(name, text, n, &config, &errors), PM_BAD_CONFIG, "%s", text);
    cr_expect_str_eq(errors, report);
    cr_expect_eq(config.deputies.n, 7, "untouched on failure");
    free(errors);
}

static void then_all_reported(const char *name, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        then_reported(name, rows[i].text, strlen(rows[i].text), rows[i].report);
}

/* Rows of one error in one line: LINE is the whole file, CARET stands below it. */
#define ONE(place, sentence, line, caret) \
    { line "\n", "f:" place ": error: " sentence "\n    " line "\n    " caret "^\nf: 1 error\n" }

Test(config_errors, of_the_file_as_a_whole)
{
    static const struct row rows[] = {
        { "", "f:1:1: error: the file is empty; its least content is processes: []\n"
              "    \n    ^\nf: 1 error\n" },
        ONE("1:1", "the file is empty; its least content is processes: []", "# nothing", ""),
        ONE("1:1", "the file is a list; expected a map with the key 'processes'", "[]", ""),
        ONE("1:1", "the file is a plain value; expected a map with the key 'processes'", "x", ""),
        ONE("1:1", "the key 'processes' is missing; write processes: [] for none",
            "deputies: [a]", ""),
        ONE("1:11", "'processes' is nothing; expected a list, [] for none", "processes:",
            "          "),
        ONE("1:12", "'processes' is a map; expected a list, [] for none", "processes: {}",
            "           "),
        { "processes: []\nprocess: []\n",
          "f:2:1: error: unknown key 'process' in the file (did you mean 'processes'?)\n"
          "    process: []\n    ^\nf: 1 error\n" },
    };

    then_all_reported("f", rows, PM_COUNT(rows));
}

Test(config_errors, of_one_key)
{
#define P(rest) "processes: [{name: p, command: x, " rest "}]"
#define P_CARET "                                  "
    static const struct row rows[] = {
        ONE("1:35", "unknown key 'autorestart' in process 'p' (did you mean 'auto_restart'?)",
            P("autorestart: no"), P_CARET),
        ONE("1:35", "unknown key 'colour' in process 'p'", P("colour: red"), P_CARET),
        ONE("1:41", "stop of process 'p' is a plain value; expected a map such as {signal: TERM}",
            P("stop: 5"), P_CARET "      "),
        ONE("1:42", "unknown key 'singal' in stop of process 'p' (did you mean 'signal'?)",
            P("stop: {singal: 5}"), P_CARET "       "),
        ONE("1:46", "autostart of process 'p' is 'yes': not a boolean here; write true, without "
            "quotes", P("autostart: yes"), P_CARET "           "),
        ONE("1:46", "autostart of process 'p' is 'true': not a boolean here; write true, without "
            "quotes", P("autostart: 'true'"), P_CARET "           "),
        ONE("1:46", "autostart of process 'p' is 'off': not a boolean here; write false, without "
            "quotes", P("autostart: off"), P_CARET "           "),
        ONE("1:46", "autostart of process 'p' is 'x': not a boolean; write true or false",
            P("autostart: x"), P_CARET "           "),
        ONE("1:49", "auto_restart of process 'p' is 'yes': write no, on-failure or always; false "
            "is no, true is always", P("auto_restart: yes"), P_CARET "              "),
        ONE("1:41", "host of process 'p' has no value; expected the name of a deputy",
            P("host: ~"), P_CARET "      "),
        ONE("1:41", "host of process 'p' is a list; expected the name of a deputy",
            P("host: [a]"), P_CARET "      "),
        ONE("1:42", "group of process 'p' is '/a': groups are nested as outer/inner, with no '/' "
            "at either end and none doubled", P("group: /a"), P_CARET "       "),
        ONE("1:48", "working_dir of process 'p' is 'tmp': a directory is given from the root, "
            "with a '/' first", P("working_dir: tmp"), P_CARET "             "),
        ONE("1:44", "variable 'A' of process 'p' has no value; expected text, \"\" for an empty "
            "one", P("env: {A: }"), P_CARET "         "),
        ONE("1:41", "variable 'A=B' of process 'p': a variable's name has no '=' in it",
            P("env: {A=B: c}"), P_CARET "      "),
        ONE("1:40", "env of process 'p' is a list; expected a map such as {PORT: \"7000\"}",
            P("env: [A]"), P_CARET "     "),
        ONE("1:52", "restart.delay of process 'p' is 'soon': not a duration; write 500ms, 5s or "
            "1h30m (a bare number is seconds)", P("restart: {delay: soon}"),
            P_CARET "                 "),
        ONE("1:52", "restart.delay of process 'p' is '010': numbers are decimal, without a zero "
            "in front", P("restart: {delay: 010}"), P_CARET "                 "),
        ONE("1:52", "restart.delay of process 'p' is '9999d': longer than ten years",
            P("restart: {delay: 9999d}"), P_CARET "                 "),
        ONE("1:53", "restart.factor of process 'p' is '0.5': a factor is a number from 1 to 1000",
            P("restart: {factor: 0.5}"), P_CARET "                  "),
        ONE("1:53", "restart.factor of process 'p' is '2': a number stands without quotes",
            P("restart: {factor: '2'}"), P_CARET "                  "),
        ONE("1:53", "restart.factor of process 'p' is '1e3': not a decimal number such as 2 or 1.5",
            P("restart: {factor: 1e3}"), P_CARET "                  "),
        ONE("1:53", "restart.jitter of process 'p' is '1.1': a share is a number from 0 to 1",
            P("restart: {jitter: 1.1}"), P_CARET "                  "),
        ONE("1:59", "restart.max_failures of process 'p' is '0777': numbers are decimal, without "
            "a zero in front", P("restart: {max_failures: 0777}"),
            P_CARET "                        "),
        ONE("1:59", "restart.max_failures of process 'p' is '-1': not a whole number, 0 or more",
            P("restart: {max_failures: -1}"), P_CARET "                        "),
        ONE("1:60", "restart.success_codes needs at least one exit code",
            P("restart: {success_codes: []}"), P_CARET "                         "),
        ONE("1:61", "an item of success_codes of process 'p' is '256': an exit code is a number "
            "from 0 to 255", P("restart: {success_codes: [256]}"),
            P_CARET "                          "),
        ONE("1:50", "stop.signal of process 'p' is 'SIGNOPE': not a signal; write a name such as "
            "INT, or a number from 1 to 64", P("stop: {signal: SIGNOPE}"),
            P_CARET "               "),
        ONE("1:35", "process 'p' has both command and exec; one of them says what to run",
            P("exec: [x]"), P_CARET),
        ONE("1:13", "process 'p': restart.delay is longer than restart.max_delay",
            P("restart: {delay: 5s}"), "            "),
    };

    then_all_reported("f", rows, PM_COUNT(rows));
}

/* A dotted key and one in a map are the same key. */
Test(config_errors, of_one_key_said_in_both_ways)
{
    static const struct row rows[] = {
        { "processes:\n- {name: p, command: x, restart.delay: 1s,\n   restart: {delay: 2s}}\n",
          "f:3:14: error: key 'restart.delay' is there twice; the first is on line 2\n"
          "       restart: {delay: 2s}}\n                 ^\nf: 1 error\n" },
        { "defaults:\n  stop: {timeout: 1s}\n  stop.timeout: 2s\nprocesses: []\n",
          "f:3:3: error: key 'stop.timeout' is there twice; the first is on line 2\n"
          "      stop.timeout: 2s\n      ^\nf: 1 error\n" },
    };
    struct pm_config config;
    char *errors = NULL;
    static const char fine[] = "processes: [{name: p, command: x, restart.delay: 1s, "
                               "restart: {max_delay: 2s}}]";

    then_all_reported("f", rows, PM_COUNT(rows));
    cr_expect_eq(pm_config_parse("f", fine, strlen(fine), &config, &errors), PM_OK, "%s", errors);
    pm_config_fini(&config);
}

Test(config_errors, of_processes_and_groups)
{
    static const struct row rows[] = {
        ONE("1:13", "process 1 has no name", "processes: [{command: x}]", "            "),
        ONE("1:13", "process 'p' has neither command nor exec", "processes: [{name: p}]",
            "            "),
        ONE("1:32", "command of process 'p' is '': a command has at least one word",
            "processes: [{name: p, command: ''}]", "                               "),
        ONE("1:29", "exec needs from 1 to 32768 words", "processes: [{name: p, exec: []}]",
            "                            "),
        ONE("1:30", "the program in exec of process 'p' is '': a program has a name",
            "processes: [{name: p, exec: ['', x]}]", "                             "),
        ONE("1:20", "name of process 'a@b' is 'a@b': a name has no '/' and no '@' in it",
            "processes: [{name: a@b, command: x}]", "                   "),
        ONE("1:20", "name of process 'a\\x1b[1m' is 'a\\x1b[1m': it holds an unprintable character",
            "processes: [{name: \"a\\e[1m\", command: x}]", "                   "),
        ONE("1:13", "process 1 is a plain value; expected a map such as {name: cam, command: camd}",
            "processes: [cam]", "            "),
        { "processes:\n"
          "- {name: p, group: g, host: h, command: x}\n"
          "- {name: p, command: x}\n"
          "- {name: p, group: g, host: h, command: x}\n",
          "f:4:3: error: process 'g/p@h' is there twice; the first is on line 2\n"
          "    - {name: p, group: g, host: h, command: x}\n"
          "      ^\n"
          "f: 1 error\n" },
        { "processes: []\n"
          "groups:\n"
          "  a//b: {env: {A: 1}}\n"
          "  c: {name: x, stop: {timeout: x}}\n"
          "  d:\n",
          "f:3:3: error: group 'a//b': groups are nested as outer/inner, with no '/' at either "
          "end and none doubled\n"
          "      a//b: {env: {A: 1}}\n"
          "      ^\n"
          "f:4:7: error: key 'name' is for a single process; group 'c' cannot have it\n"
          "      c: {name: x, stop: {timeout: x}}\n"
          "          ^\n"
          "f:4:32: error: stop.timeout of group 'c' is 'x': not a duration; write 500ms, 5s or "
          "1h30m (a bare number is seconds)\n"
          "      c: {name: x, stop: {timeout: x}}\n"
          "                                   ^\n"
          "f:5:5: error: group 'd' is nothing; expected a map, {} for none\n"
          "      d:\n"
          "        ^\n"
          "f: 4 errors\n" },
        { "defaults: {command: x, hots: y}\n"
          "processes: []\n",
          "f:1:12: error: key 'command' is for a single process; defaults cannot have it\n"
          "    defaults: {command: x, hots: y}\n"
          "               ^\n"
          "f:1:24: error: unknown key 'hots' in defaults\n"
          "    defaults: {command: x, hots: y}\n"
          "                           ^\n"
          "f: 2 errors\n" },
        { "deputies: [a, {name: b, alias: c}, '', [], {}, a]\n"
          "processes: []\n",
          "f:1:25: error: unknown key 'alias' in a deputy\n"
          "    deputies: [a, {name: b, alias: c}, '', [], {}, a]\n"
          "                            ^\n"
          "f:1:36: error: deputy '': a name is not empty\n"
          "    deputies: [a, {name: b, alias: c}, '', [], {}, a]\n"
          "                                       ^\n"
          "f:1:40: error: a deputy has a name: write robot1 or {name: robot1}\n"
          "    deputies: [a, {name: b, alias: c}, '', [], {}, a]\n"
          "                                           ^\n"
          "f:1:44: error: a deputy has a name: write robot1 or {name: robot1}\n"
          "    deputies: [a, {name: b, alias: c}, '', [], {}, a]\n"
          "                                               ^\n"
          "f:1:48: error: deputy 'a' is there twice; the first is on line 1\n"
          "    deputies: [a, {name: b, alias: c}, '', [], {}, a]\n"
          "                                                   ^\n"
          "f: 5 errors\n" },
    };

    then_all_reported("f", rows, PM_COUNT(rows));
}

Test(config_errors, of_yaml)
{
    static const struct row rows[] = {
        ONE("1:12", "aliases (*name) are not used here; defaults and groups say things once, and "
            "a value that begins with * needs quotes", "processes: *p", "           "),
        ONE("1:12", "anchors (&name) are not used here; a value that begins with & needs quotes",
            "processes: &p []", "           "),
        ONE("1:12", "tags (!name) are not used here; a value that begins with ! needs quotes",
            "processes: !x []", "           "),
        ONE("1:3", "a key is a word, not a list or a map", "? [a]", "  "),
        { "processes: []\n---\nprocesses: []\n",
          "f:2:1: error: a second document begins here; a file holds one\n"
          "    ---\n    ^\nf: 1 error\n" },
        { "processes:\n\t- name: p\n",
          "f:2:1: error: this is not YAML: found character that cannot start any token while "
          "scanning for the next token; YAML is indented with spaces, never with tabs\n"
          "    \t- name: p\n    ^\nf: 1 error\n" },
        { "processes:\n- name: p\n  command: echo a: b\n",
          "f:3:18: error: this is not YAML: mapping values are not allowed in this context; a "
          "value with ': ' in it needs quotes, a key the same indent as its neighbours\n"
          "      command: echo a: b\n                     ^\nf: 1 error\n" },
        { "processes: [{name: p, name: q, command: x}]\n",
          "f:1:23: error: key 'name' is there twice; the first is on line 1\n"
          "    processes: [{name: p, name: q, command: x}]\n"
          "                          ^\nf: 1 error\n" },
        { "processes: [\"a\\0b\"]\n",
          "f:1:13: error: a text cannot hold the character NUL\n"
          "    processes: [\"a\\0b\"]\n                ^\nf: 1 error\n" },
        { "processes: []\n\x1b[31mx: y\n",
          "f:2:1: error: this is not YAML: control characters are not allowed\n"
          "    ?[31mx: y\n    ^\nf: 1 error\n" },
    };

    then_all_reported("f", rows, PM_COUNT(rows));
}

/* As ONE, for a syntax error in a file called f.json. */
#define JSON(place, sentence, line, caret) \
    { line, "f.json:" place ": error: this is not JSON: " sentence "\n    " line "\n    " caret \
            "^\nf.json: 1 error\n" }

Test(config_errors, of_json)
{
#define VALUE "expected a value: text in double quotes, a decimal number, true, false, null, [ or {"
    static const struct row rows[] = {
        JSON("1:1", "it has no comments; write YAML (a file that ends in .yaml) to have them",
             "// fleet", ""),
        JSON("1:2", "it has no comments; write YAML (a file that ends in .yaml) to have them",
             "{# fleet", " "),
        JSON("1:2", "texts stand in double quotes", "{'processes': []}", " "),
        JSON("1:2", "expected a key in double quotes", "{processes: []}", " "),
        JSON("1:6", "expected ':' after this key", "{\"a\" []}", "     "),
        JSON("1:7", "texts stand in double quotes", "{\"a\": 'b'}", "      "),
        JSON("1:8", "nothing follows this comma", "{\"a\":[],}", "       "),
        JSON("1:3", "nothing follows this comma", "[1,]", "  "),
        JSON("1:4", "expected ',' or ']' after this item", "[1 2]", "   "),
        JSON("1:8", "expected ',' or '}' after this value", "{\"a\":1 \"b\":2}", "       "),
        JSON("1:2", VALUE, "[,]", " "),
        JSON("1:2", VALUE, "[yes]", " "),
        JSON("1:2", VALUE, "[01]", " "),
        JSON("1:2", VALUE, "[1.]", " "),
        JSON("1:2", VALUE, "[-]", " "),
        JSON("1:2", VALUE, "[1e]", " "),
        JSON("1:2", VALUE, "[True]", " "),
        JSON("1:4", "something follows after its end", "[] []", "   "),
        JSON("1:2", "the file ends too early", "[", " "),
        JSON("1:7", "the file ends too early", "{\"a\":1", "      "),
        JSON("1:2", "the quote that begins here is not closed", "[\"a", " "),
        JSON("1:4", "no such escape; write \\\\ for a backslash", "[\"a\\x\"]", "   "),
        JSON("1:7", "four hexadecimal digits follow \\u", "[\"\\u12g\"]", "      "),
        JSON("1:3", "half of a surrogate pair is no character", "[\"\\ud800\"]", "  "),
        JSON("1:3", "half of a surrogate pair is no character", "[\"\\ud800\\u0041\"]", "  "),
        JSON("1:3", "half of a surrogate pair is no character", "[\"\\udc00\"]", "  "),
        JSON("1:3", "control characters are written as escapes, a tab as \\t", "[\"\t\"]", "  "),
    };

    then_all_reported("f.json", rows, PM_COUNT(rows));
}

Test(config_errors, in_json_are_those_of_yaml)
{
    static const struct row rows[] = {
        { "{\"processes\": [\n"
          "  {\"name\": \"p\", \"comand\": \"x\", \"autostart\": \"true\", \"name\": 1}\n"
          "]}\n",
          "f.json:2:3: error: process 'p' has neither command nor exec\n"
          "      {\"name\": \"p\", \"comand\": \"x\", \"autostart\": \"true\", \"name\": 1}\n"
          "      ^\n"
          "f.json:2:17: error: unknown key 'comand' in process 'p' (did you mean 'command'?)\n"
          "      {\"name\": \"p\", \"comand\": \"x\", \"autostart\": \"true\", \"name\": 1}\n"
          "                    ^\n"
          "f.json:2:45: error: autostart of process 'p' is 'true': not a boolean here; write true, "
          "without quotes\n"
          "      {\"name\": \"p\", \"comand\": \"x\", \"autostart\": \"true\", \"name\": 1}\n"
          "                                                ^\n"
          "f.json:2:53: error: key 'name' is there twice; the first is on line 2\n"
          "      {\"name\": \"p\", \"comand\": \"x\", \"autostart\": \"true\", \"name\": 1}\n"
          "                                                        ^\n"
          "f.json: 4 errors\n" },
        { "{\"processes\": [{\"name\": \"a\\u0000b\", \"command\": \"x\"}]}",
          "f.json:1:25: error: a text cannot hold the character NUL\n"
          "    {\"processes\": [{\"name\": \"a\\u0000b\", \"command\": \"x\"}]}\n"
          "                            ^\nf.json: 1 error\n" },
    };

    then_all_reported("f.json", rows, PM_COUNT(rows));
}

/* ---- how a line is shown ---- */

Test(config_errors, stand_below_their_character)
{
    static const struct row rows[] = {
        { "{\"ä→\": 1, x: 2, processes: []}",
          "f:1:2: error: unknown key 'ä→' in the file\n"
          "    {\"ä→\": 1, x: 2, processes: []}\n     ^\n"
          "f:1:11: error: unknown key 'x' in the file\n"
          "    {\"ä→\": 1, x: 2, processes: []}\n              ^\nf: 2 errors\n" },
        { "{\"相机\": 1, x: 2, processes: []}",
          "f:1:2: error: unknown key '相机' in the file\n"
          "    {\"相机\": 1, x: 2, processes: []}\n     ^\n"
          "f:1:11: error: unknown key 'x' in the file\n"
          "    {\"相机\": 1, x: 2, processes: []}\n                ^\nf: 2 errors\n" },
        { "{processes: [],\t\tx: 2}\r\n",
          "f:1:18: error: unknown key 'x' in the file\n"
          "    {processes: [],\t\tx: 2}\n                   \t\t^\nf: 1 error\n" },
    };

    then_all_reported("f", rows, PM_COUNT(rows));
}

Test(config_errors, in_a_long_line_show_a_window)
{
    char text[1200], report[600], dots[500];

    memset(dots, '.', sizeof(dots));
    snprintf(text, sizeof(text), "{processes: [], defaults: {}, \"%.300s\": 1, z: \"%.300s\"}",
             dots, dots);
    snprintf(report, sizeof(report),
             "f:1:31: error: unknown key '%.48s…' in the file\n"
             "    {processes: [], defaults: {}, \"%.61s…\n"
             "    %30s^\n"
             "f:1:338: error: unknown key 'z' in the file\n"
             "    …%.54s\": 1, z: \"%.28s…\n"
             "    %61s^\n"
             "f: 2 errors\n", dots, dots, "", dots, dots, "");
    then_reported("f", text, strlen(text), report);
}

Test(config_errors, with_strange_bytes_are_told_by_their_place)
{
    static const char nul[] = "processes:\n  \0";

    then_reported("f", nul, sizeof(nul) - 1,
                  "f:2:3: error: the file is not text: here is a NUL\n"
                  "      ?\n      ^\nf: 1 error\n");
    then_reported("f", "a: \xff\xfe", 5,
                  "f:1:4: error: the file is not UTF-8: here is the byte 0xff\n"
                  "    a: ??\n       ^\nf: 1 error\n");
    then_reported("f.json", "\xff\xfe{\0}\0", 6,
                  "f.json:1:1: error: the file is not UTF-8: here is the byte 0xff\n"
                  "    ??{?}?\n    ^\nf.json: 1 error\n");
}

/* ---- limits ---- */

static char *given_report(const char *name, const char *text, size_t n)
{
    struct pm_config config;
    char *errors = NULL;

    cr_assert_eq(pm_config_parse(name, text, n, &config, &errors), PM_BAD_CONFIG);
    return errors;
}

static void then_limit(const char *name, const char *text, size_t n, const char *sentence)
{
    char *errors = given_report(name, text, n);

    cr_expect_not_null(strstr(errors, sentence), "%.300s", errors);
    free(errors);
}

Test(config_errors, of_depth_come_early, .timeout = 5)
{
    enum { MANY = 100000 };
    char *text = pm_alloc(MANY);

    memset(text, '[', MANY);
    then_limit("f", text, MANY, "f:1:33: error: nested deeper than 32 levels");
    then_limit("f.json", text, MANY, "f.json:1:33: error: nested deeper than 32 levels");
    for (size_t i = 0; i + 4 <= MANY; i += 4)
        memcpy(text + i, "{a: ", 4);
    then_limit("f", text, MANY, "nested deeper than 32 levels");
    free(text);
}

Test(config_errors, of_size_are_refused, .timeout = 20)
{
    size_t n = PM_LIMIT_CONFIG_FILE + 1;
    char *text = pm_alloc(n);

    memset(text, ' ', n);
    then_limit("f", text, n, "f:1:1: error: the file has more than 4194304 bytes");
    for (size_t i = 0; i + 3 <= n; i += 3)
        memcpy(text + i, "[],", 3);
    memcpy(text, "[  ", 3); /* a list of them that never ends */
    then_limit("f.json", text, n - 1, "the file says too much");
    memset(text, 'x', n);
    then_limit("f", text, PM_LIMIT_STRING + 1, "this text has 65537 bytes; the limit is 65536");
    free(text);
}

/* Each process has its own copy of the defaults, once it is in a sheriff. */
Test(config_errors, of_defaults_that_multiply_are_refused)
{
    enum { VARIABLES = 20, PROCESSES = PM_LIMIT_CONFIG_SPECS / PM_LIMIT_STRING / VARIABLES + 1 };
    char *text = pm_alloc(VARIABLES * (PM_LIMIT_STRING + 20) + PROCESSES * 40 + 100);
    size_t n = (size_t)sprintf(text, "defaults:\n  env:\n");

    for (int i = 0; i < VARIABLES; i++) {
        n += (size_t)sprintf(text + n, "    V%d: ", i);
        memset(text + n, 'x', PM_LIMIT_STRING);
        n += PM_LIMIT_STRING;
        text[n++] = '\n';
    }
    n += (size_t)sprintf(text + n, "processes:\n");
    for (int i = 0; i < PROCESSES; i++)
        n += (size_t)sprintf(text + n, "  - {name: p%d, command: x}\n", i);
    then_limit("f", text, n, "more than 64MiB in all");
    free(text);
}

Test(config_errors, end_at_a_hundred)
{
    enum { MANY = 250 };
    char *text = pm_alloc(MANY * 10 + 32), *errors;
    size_t n = (size_t)sprintf(text, "processes: []\n"), lines = 0;

    for (int i = 0; i < MANY; i++)
        n += (size_t)sprintf(text + n, "k%d: 1\n", i);
    errors = given_report("f", text, n);
    for (const char *at = errors; (at = strstr(at, ": error: ")) != NULL; at++)
        lines++;
    cr_expect_eq(lines, PM_LIMIT_CONFIG_ERRORS);
    cr_expect_not_null(strstr(errors, "\nf: 250 errors, the first 100 shown\n"));
    free(errors);
    free(text);
}

/* ---- the manual's own example ---- */

Test(config_errors, are_shown_in_the_manual_as_they_are)
{
    static const char text[] = "processes:\n  - name: cam\n    command: camd\n"
                               "    auto_restrat: always\n    autostart: yes\n";
    char *errors = given_report("fleet.yaml", text, strlen(text)), *page = pm_alloc(1 << 16);
    FILE *file = fopen(SOURCE_DIR "/clients/procman.yaml.5", "r");

    cr_assert_not_null(file);
    cr_expect_gt(fread(page, 1, (1 << 16) - 1, file), 0);
    fclose(file);
    cr_expect_not_null(strstr(page, errors), "%s", errors);
    free(page);
    free(errors);
}
