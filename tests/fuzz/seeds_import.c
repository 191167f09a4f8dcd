/* Where the fuzzer of imports begins: a small file of each kind, and the words of all of them as
 * its dictionary.
 *
 *   seeds_import DIRECTORY DICTIONARY
 */
#include <procman/base.h>

#include <stdio.h>
#include <stdlib.h>

/* The first byte is fuzz_import.c's: kind, name and language. */
static const struct { const char *name; char chooser; const char *text; } seeds[] = {
    { "bot2", 0x00,
      "group \"g\" { cmd \"a\" { exec = \"A=1 x '$B' ${C}\"; host = \"h\"; stop_signal = 2; } }\n"
      "script \"s\" { start cmd \"a\" wait \"running\"; wait ms 5; run_script \"t\"; }\n" },
    { "supervisord", 0x01,
      "[supervisord]\nenvironment=A=\"b\"\n[include]\nfiles=*.conf\n[program:x]\n"
      "command=y %(ENV_Z)s %(process_num)02d\nnumprocs=2\nexitcodes=0,2\nstartsecs=1\n"
      "[group:g]\nprograms=x\n" },
    { "circus", 0x02,
      "[circus]\ninclude=*.ini\n[watcher:w]\ncmd=c $(circus.wid)\nnumprocesses=2\n"
      "rlimit_core=1\n[env:w*]\nA=b\n" },
    { "procfile", 0x03, "web: serve $PORT\n# x\njob: work\n" },
    { "pm2", 0x14,
      "{\"apps\":[{\"name\":\"a\",\"script\":\"a.js\",\"args\":\"b c\",\"env\":{\"A\":1},"
      "\"instances\":2,\"stop_exit_codes\":[3]}]}" },
    { "compose", 0x25,
      "environment: [A=b]\nprocesses:\n  a:\n    command: x $$Y\n    depends_on: {b: {condition: "
      "process_healthy}}\n    readiness_probe: {http_get: {port: 80}}\n  b: {command: c, "
      "ready_log_line: d, schedule: {cron: \"* * * * *\"}}\n" },
    { "systemd", 0x36,
      "[Unit]\nAfter=b.service\n[Service]\nExecStart=@/x y \"${A} b\" \\x41 %i\nEnvironment=A=1\n"
      "LimitNOFILE=1:2\nRestartSec=1min 2s\nType=notify\n[Install]\nWantedBy=z\n" },
    { "unknown", 0x07, "[Service]\nExecStart=/x\n" },
};

static const char *const words[] = {
    "cmd ", "group ", "script ", "exec", "deputy", "auto_respawn", "wait ", "status ",
    "everything", "[program:", "[group:", "%(here)s", "%(process_num)d", "command=",
    "process_name=", "autorestart=", "[watcher:", "$(circus.env.A)", "((circus.wid))",
    "graceful_timeout=", "max_retry=", "stdout_stream.", "uid=", "\\\"apps\\\"", "\\\"exec\\\"",
    "\\\"cwd\\\"", "\\\"kill_timeout\\\"", "\\\"namespace\\\"", "processes:", "availability",
    "on_failure", "replicas", "liveness_probe", "shutdown", "{{.A}}", "ExecStart=",
    "EnvironmentFile=", "KillSignal=", "CPUQuota=", "TasksMax=", "WatchdogSec=", "infinity",
    "Requires=", "PartOf=", "${A}", "$A", "\\\\\\x0a", "\\x0a", ";", "'", "\\\"", "=", ": ",
};

static FILE *open_for(const char *path)
{
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static void close_file(FILE *file, const char *path)
{
    if (fclose(file) != 0)
        perror(path);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: seeds_import DIRECTORY DICTIONARY\n");
        return 2;
    }
    for (size_t i = 0; i < PM_COUNT(seeds); i++) {
        char *path PM_CLEANUP(pm_free) = pm_printf("%s/%s", argv[1], seeds[i].name);
        FILE *file = open_for(path);
        fputc(seeds[i].chooser, file);
        fputs(seeds[i].text, file);
        close_file(file, path);
    }
    FILE *file = open_for(argv[2]);
    for (size_t i = 0; i < PM_COUNT(words); i++)
        fprintf(file, "\"%s\"\n", words[i]);
    close_file(file, argv[2]);
    return 0;
}
