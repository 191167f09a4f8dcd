/* Specs written to a file: readable, without defaults, and read back to the same specs. */
#include <criterion/criterion.h>
#include <procman/config.h>
#include <procman/limits.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

static struct pm_spec given_spec(const char *name)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.name = name;
    spec.command = "camd";
    return spec;
}

static void then_written(const struct pm_spec *specs, size_t n, bool json, const char *expected)
{
    char *text = NULL;

    cr_assert_eq(pm_config_write(specs, n, json, &text), PM_OK);
    cr_expect_str_eq(text, expected);
    free(text);
}

static struct pm_spec given_full_spec(void)
{
    static struct pm_var env[] = { { .name = "A", .value = "b" }, { .name = "NOTE", .value = "no" },
                                   { .name = "PORT", .value = "7000" } };
    static const char *words[] = { "camd", "-p", "7000", "a b", "" };
    static int64_t codes[] = { 0, 3 };
    struct pm_spec spec = given_spec("left");

    spec.group = "drivers/cameras";
    spec.host = "rig1";
    spec.command = "";
    spec.exec = (struct pm_strs){ .at = words, .n = 5 };
    spec.working_dir = "/opt/robot";
    spec.env = (struct pm_var_list){ .at = env, .n = 3 };
    spec.run_as_user = "robot";
    spec.autostart = false;
    spec.auto_restart = PM_AUTO_RESTART_ON_FAILURE;
    spec.restart_delay_ms = 1500;
    spec.restart_max_delay_ms = 60000;
    spec.restart_factor = 1.5;
    spec.restart_jitter = 0;
    spec.restart_max_failures = 5;
    spec.success_codes = (struct pm_i64s){ .at = codes, .n = 2 };
    spec.stop_signal = 2;
    spec.output_max_bytes = 64 << 10;
    spec.output_keep = 0;
    spec.output_pty = true;
    spec.sheriff_loss_ms = 90000;
    spec.id = 12;
    spec.origin = "fleet.yaml:7";
    return spec;
}

Test(config_write, leaves_out_defaults)
{
    struct pm_spec spec = given_spec("cam");

    then_written(&spec, 1, false, "processes:\n  - name: cam\n    command: camd\n");
    then_written(&spec, 1, true, "{\"processes\": [\n    {\"name\": \"cam\",\n"
                                 "     \"command\": \"camd\"}\n]}\n");
    then_written(NULL, 0, false, "processes: []\n");
    then_written(NULL, 0, true, "{\"processes\": [\n]}\n");
}

Test(config_write, is_yaml_as_people_write_it)
{
    struct pm_spec specs[] = { given_full_spec(), given_spec("Käme ra") };

    then_written(specs, 2, false,
                 "processes:\n"
                 "  - name: left\n"
                 "    group: drivers/cameras\n"
                 "    host: rig1\n"
                 "    exec: [camd, \"-p\", \"7000\", \"a b\", \"\"]\n"
                 "    working_dir: /opt/robot\n"
                 "    env:\n"
                 "      A: b\n"
                 "      NOTE: \"no\"\n"
                 "      PORT: \"7000\"\n"
                 "    run_as: {user: robot}\n"
                 "    autostart: false\n"
                 "    auto_restart: on-failure\n"
                 "    restart: {delay: 1500ms, max_delay: 1m, factor: 1.5, jitter: 0, "
                 "max_failures: 5, success_codes: [0, 3]}\n"
                 "    stop: {signal: INT}\n"
                 "    output: {max_size: 64KiB, keep: 0, pty: true}\n"
                 "    on_sheriff_loss: {stop_after: 90s}\n"
                 "  - name: \"Käme ra\"\n"
                 "    command: camd\n");
}

Test(config_write, is_json_when_asked)
{
    struct pm_spec specs[] = { given_full_spec(), given_spec("b") };

    then_written(specs, 2, true,
                 "{\"processes\": [\n"
                 "    {\"name\": \"left\",\n"
                 "     \"group\": \"drivers/cameras\",\n"
                 "     \"host\": \"rig1\",\n"
                 "     \"exec\": [\"camd\", \"-p\", \"7000\", \"a b\", \"\"],\n"
                 "     \"working_dir\": \"/opt/robot\",\n"
                 "     \"env\": {\"A\": \"b\", \"NOTE\": \"no\", \"PORT\": \"7000\"},\n"
                 "     \"run_as\": {\"user\": \"robot\"},\n"
                 "     \"autostart\": false,\n"
                 "     \"auto_restart\": \"on-failure\",\n"
                 "     \"restart\": {\"delay\": \"1500ms\", \"max_delay\": \"1m\", \"factor\": "
                 "1.5, \"jitter\": 0, \"max_failures\": 5, \"success_codes\": [0, 3]},\n"
                 "     \"stop\": {\"signal\": \"INT\"},\n"
                 "     \"output\": {\"max_size\": \"64KiB\", \"keep\": 0, \"pty\": true},\n"
                 "     \"on_sheriff_loss\": {\"stop_after\": \"90s\"}},\n"
                 "    {\"name\": \"b\",\n"
                 "     \"command\": \"camd\"}\n"
                 "]}\n");
}

/* ---- whatever is sane comes back: random specs, the same on every run ---- */

struct dice { uint64_t state; };

/* xorshift64*, Vigna 2016. */
static uint64_t roll(struct dice *dice, uint64_t sides)
{
    dice->state ^= dice->state >> 12;
    dice->state ^= dice->state << 25;
    dice->state ^= dice->state >> 27;
    return (dice->state * 0x2545f4914f6cdd1dull >> 16) % sides;
}

static bool chance(struct dice *dice)
{
    return roll(dice, 2) == 0;
}

/* Text out of pieces that have a meaning to YAML, JSON or sh, or are hard to write. */
static const char *any_text(struct dice *dice, struct pm_arena *arena)
{
    static const char *const pieces[] = {
        "a", "Z", "0", "07", " ", "  ", "\n", "\t", "\r", "\"", "'", "\\", "/", ":", ": ", " #",
        "#", "-", "- ", "[", "]", "{", "}", ",", "&", "*", "!", "|", ">", "%", "@", "`", "?", "=",
        "~", "null", "true", "no", "1e3", ".5", "\x01", "\x1b", "\x7f", "\xc2\x85", "\xc2\xa0",
        "ä", "→", "相", "😀", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xef\xbf\xbe", "\xf4\x8f\xbf\xbf",
        "$x", "<<",
    };
    char text[256] = "";

    for (uint64_t n = roll(dice, 8); n > 0; n--)
        strcat(text, pieces[roll(dice, PM_COUNT(pieces))]);
    const char *kept = pm_arena_str(arena, text, strlen(text));
    cr_assert_not_null(kept);
    return kept;
}

static void any_program(struct dice *dice, struct pm_arena *arena, struct pm_spec *spec)
{
    spec->command = any_text(dice, arena);
    if (chance(dice))
        return;
    spec->command = "";
    spec->exec.n = 1 + roll(dice, 4);
    spec->exec.at = pm_arena_get(arena, spec->exec.n * sizeof(*spec->exec.at));
    for (size_t i = 0; i < spec->exec.n; i++)
        spec->exec.at[i] = any_text(dice, arena);
}

static void any_env(struct dice *dice, struct pm_arena *arena, struct pm_spec *spec)
{
    spec->env.n = roll(dice, 4);
    spec->env.at = pm_arena_get(arena, 4 * sizeof(*spec->env.at));
    for (size_t i = 0; i < spec->env.n; i++) {
        char name[8] = { (char)('A' + i), '\0' };
        char *full = pm_printf("%s%s", name, any_text(dice, arena));
        spec->env.at[i].name = pm_arena_str(arena, full, strlen(full));
        spec->env.at[i].value = any_text(dice, arena);
        free(full);
    }
}

static struct pm_spec any_spec(struct dice *dice, struct pm_arena *arena)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.name = any_text(dice, arena);
    spec.group = any_text(dice, arena);
    spec.host = any_text(dice, arena);
    if (chance(dice)) {
        char *dir = pm_printf("/%s", any_text(dice, arena));
        spec.working_dir = pm_arena_str(arena, dir, strlen(dir));
        free(dir);
    }
    any_program(dice, arena, &spec);
    any_env(dice, arena, &spec);
    spec.run_as_user = chance(dice) ? any_text(dice, arena) : "";
    spec.run_as_group = chance(dice) ? any_text(dice, arena) : "";
    spec.autostart = chance(dice);
    spec.auto_restart = (enum pm_auto_restart)roll(dice, 3);
    spec.restart_delay_ms = chance(dice) ? roll(dice, 1000) : 10;
    spec.restart_max_delay_ms = chance(dice) ? 1000 + roll(dice, PM_LIMIT_PERIOD_MS - 1000) : 1000;
    spec.restart_factor = (double)(1000000 + roll(dice, 999000000)) / 1e6;
    spec.restart_jitter = (double)roll(dice, 1000001) / 1e6;
    spec.restart_settle_ms = roll(dice, PM_LIMIT_PERIOD_MS);
    spec.restart_max_failures = chance(dice) ? roll(dice, 10) : UINT64_MAX - roll(dice, 10);
    spec.stop_signal = (int64_t)(1 + roll(dice, 64));
    spec.output_max_bytes = PM_LIMIT_OUTPUT_LEAST + roll(dice, PM_LIMIT_OUTPUT_MOST - 4096);
    spec.output_keep = roll(dice, PM_LIMIT_OUTPUT_KEEP + 1);
    spec.output_pty = chance(dice);
    spec.sheriff_loss_ms = chance(dice) ? 0 : 5000 + roll(dice, PM_LIMIT_PERIOD_MS - 5000);
    if (chance(dice)) {
        spec.success_codes.n = 2;
        spec.success_codes.at = pm_arena_get(arena, 2 * sizeof(int64_t));
        spec.success_codes.at[0] = (int64_t)roll(dice, 256);
        spec.success_codes.at[1] = (int64_t)roll(dice, 256);
    }
    return spec;
}

static void then_comes_back(const struct pm_spec *spec, bool json)
{
    struct pm_config config = { 0 };
    struct pm_spec found;
    char *text, *errors = NULL;

    cr_assert_eq(pm_config_write(spec, 1, json, &text), PM_OK);
    enum pm_err err = pm_config_parse(json ? "x.json" : "x.yaml", text, strlen(text), &config,
                                      &errors);
    cr_assert_eq(err, PM_OK, "%s", errors);
    cr_assert_eq(config.specs.n, 1);
    found = config.specs.at[0];
    found.origin = spec->origin;
    cr_assert(pm_same(&pm_spec_desc, spec, &found), "%s", text);
    pm_config_fini(&config);
    free(text);
}

Test(config_write, of_any_sane_spec_loads_to_that_spec, .timeout = 60)
{
    enum { ROUNDS = 200000, ENOUGH = 2000 };
    struct dice dice = { .state = 0x9e3779b97f4a7c15ull };
    int sane = 0;

    for (int i = 0; i < ROUNDS && sane < ENOUGH; i++) {
        struct pm_arena arena;
        pm_arena_init(&arena, 0);
        struct pm_spec spec = any_spec(&dice, &arena);
        if (pm_spec_fault(&spec) == NULL) {
            then_comes_back(&spec, false);
            then_comes_back(&spec, true);
            sane++;
        }
        pm_arena_fini(&arena);
    }
    cr_expect_eq(sane, ENOUGH, "only %d of the specs were sane", sane);
}

Test(config_write, of_a_whole_fleet_keeps_its_order)
{
    struct pm_spec specs[] = { given_spec("a"), given_full_spec() };
    struct pm_config config;
    char *text, *errors;

    cr_assert_eq(pm_config_write(specs, 2, false, &text), PM_OK);
    cr_assert_eq(pm_config_parse("x", text, strlen(text), &config, &errors), PM_OK);
    for (size_t i = 0; i < 2; i++)
        cr_expect_eq(pm_spec_hash(&specs[i]), pm_spec_hash(&config.specs.at[i]));
    pm_config_fini(&config);
    free(text);
}
