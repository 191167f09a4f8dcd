/* Specs: defaults, names, faults, identity and differences. */
#include <criterion/criterion.h>
#include <procman/limits.h>
#include <procman/spec.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct pm_spec given_spec(const char *group, const char *name, const char *host)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.group = group;
    spec.name = name;
    spec.host = host;
    spec.command = "camd";
    return spec;
}

Test(spec, begins_with_the_defaults_of_the_manual)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    cr_expect_str_eq(spec.working_dir, "/");
    cr_expect_str_eq(spec.host, "");
    cr_expect_str_eq(spec.command, "");
    cr_expect(spec.autostart);
    cr_expect_eq(spec.auto_restart, PM_AUTO_RESTART_NO);
    cr_expect_eq(spec.restart_delay_ms, 10);
    cr_expect_eq(spec.restart_max_delay_ms, 1000);
    cr_expect_eq(spec.restart_factor, 2);
    cr_expect_eq(spec.restart_jitter, 0.1);
    cr_expect_eq(spec.restart_settle_ms, 10000);
    cr_expect_eq(spec.restart_max_failures, 0);
    cr_expect_eq(spec.success_codes.n, 0);
    cr_expect_eq(spec.stop_signal, 15);
    cr_expect_eq(spec.stop_timeout_ms, 10000);
    cr_expect_eq(spec.env.n, 0);
    cr_expect_eq(spec.exec.n, 0);
}

Test(spec, has_one_form_where_the_wire_has_two)
{
    struct pm_spec written = given_spec("g", "cam", "rig"), wire = written, normal;
    int64_t only_zero = 0, others[] = { 0, 3 };

    wire.working_dir = "";
    wire.success_codes = (struct pm_i64s){ &only_zero, 1 };
    wire.output_max_bytes = wire.output_keep = 0;
    normal = pm_spec_normal(&wire);
    cr_expect(pm_same(&pm_spec_desc, &normal, &written));

    wire.success_codes = (struct pm_i64s){ others, 2 };
    cr_expect_eq(pm_spec_normal(&wire).success_codes.n, 2);
    wire = written;
    wire.output_keep = 0; /* none is kept: that was said */
    normal = pm_spec_normal(&wire);
    cr_expect(pm_same(&pm_spec_desc, &normal, &wire));
}

Test(spec, hash_knows_how_it_runs_and_nothing_else)
{
    struct pm_spec a = given_spec("g", "cam", "rig"), b = a;

    cr_expect_eq(pm_spec_hash(&a), pm_spec_hash(&b));
    b.id = 7;
    b.origin = "fleet.yaml:3";
    cr_expect_eq(pm_spec_hash(&a), pm_spec_hash(&b));
    b.stop_timeout_ms++;
    cr_expect_neq(pm_spec_hash(&a), pm_spec_hash(&b));
    b = a;
    b.command = "camd -v";
    cr_expect_neq(pm_spec_hash(&a), pm_spec_hash(&b));
    cr_expect_neq(pm_spec_hash(&a), 0);
}

Test(spec, order_is_by_group_then_name_then_host)
{
    struct pm_spec rows[] = { given_spec("", "z", "z"), given_spec("a", "b", "c"),
                              given_spec("a", "b", "d"), given_spec("a", "c", "a"),
                              given_spec("b", "a", "a") };

    for (size_t i = 0; i + 1 < PM_COUNT(rows); i++) {
        cr_expect_lt(pm_spec_order(&rows[i], &rows[i + 1]), 0);
        cr_expect_gt(pm_spec_order(&rows[i + 1], &rows[i]), 0);
        cr_expect_eq(pm_spec_order(&rows[i], &rows[i]), 0);
    }
}

Test(spec, label_leaves_out_what_is_empty)
{
    char text[PM_LABEL_SIZE];

    cr_expect_str_eq(pm_spec_label("drivers/cameras", "left", "rig", text, sizeof(text)),
                     "drivers/cameras/left@rig");
    cr_expect_str_eq(pm_spec_label("", "left", "rig", text, sizeof(text)), "left@rig");
    cr_expect_str_eq(pm_spec_label("g", "left", "", text, sizeof(text)), "g/left");
    cr_expect_str_eq(pm_spec_label(NULL, "left", NULL, text, sizeof(text)), "left");
}

Test(spec, names_are_data)
{
    static const char *const good[] = { "cam", "a-b_c", "left camera", "Außen", "相机", "%x", "*",
                                        "a.b", "..", "1" };
    static const char *const bad[] = { "", "a/b", "a@b", " a", "a ", "a\nb", "a\x1b[31m", "a\x7f",
                                       "a\xc2\x85", "\xff", "a\xe2\x80\xae", "\xef\xbb\xbf" "a" };

    for (size_t i = 0; i < PM_COUNT(good); i++)
        cr_expect_null(pm_name_fault(good[i]), "%s", good[i]);
    for (size_t i = 0; i < PM_COUNT(bad); i++)
        cr_expect_not_null(pm_name_fault(bad[i]), "row %zu", i);
}

Test(spec, names_end_at_their_limit)
{
    char name[PM_LIMIT_NAME + 2];

    memset(name, 'x', sizeof(name));
    name[PM_LIMIT_NAME] = '\0';
    cr_expect_null(pm_name_fault(name));
    name[PM_LIMIT_NAME] = 'x';
    name[PM_LIMIT_NAME + 1] = '\0';
    cr_expect_not_null(pm_name_fault(name));
}

Test(spec, groups_are_paths)
{
    static const char *const good[] = { "", "a", "a/b", "a/b c/d", "ä/ö" };
    static const char *const bad[] = { "/", "/a", "a/", "a//b", "a@b", "a/\n" };

    for (size_t i = 0; i < PM_COUNT(good); i++)
        cr_expect_null(pm_group_fault(good[i]), "%s", good[i]);
    for (size_t i = 0; i < PM_COUNT(bad); i++)
        cr_expect_not_null(pm_group_fault(bad[i]), "%s", bad[i]);
}

static void no_program(struct pm_spec *spec) { spec->command = ""; }
static void null_program(struct pm_spec *spec) { spec->command = NULL; }
static void bad_name(struct pm_spec *spec) { spec->name = "a/b"; }
static void bad_group(struct pm_spec *spec) { spec->group = "a//b"; }
static void bad_host(struct pm_spec *spec) { spec->host = "a b/"; }
static void open_quote(struct pm_spec *spec) { spec->command = "a 'b"; }
static void relative_dir(struct pm_spec *spec) { spec->working_dir = "opt"; }
static void bad_user(struct pm_spec *spec) { spec->run_as_user = "a:b"; }
static void bad_users(struct pm_spec *spec) { spec->run_as_group = "a\n"; }
static void no_factor(struct pm_spec *spec) { spec->restart_factor = 0; }
static void nan_factor(struct pm_spec *spec) { spec->restart_factor = NAN; }
static void huge_factor(struct pm_spec *spec) { spec->restart_factor = INFINITY; }
static void fine_factor(struct pm_spec *spec) { spec->restart_factor = 1.0 / 3 + 1; }
static void nan_jitter(struct pm_spec *spec) { spec->restart_jitter = NAN; }
static void much_jitter(struct pm_spec *spec) { spec->restart_jitter = 1.5; }
static void no_signal(struct pm_spec *spec) { spec->stop_signal = 0; }
static void past_signals(struct pm_spec *spec) { spec->stop_signal = 65; }
static void eternity(struct pm_spec *spec) { spec->stop_timeout_ms = UINT64_MAX; }
static void long_first(struct pm_spec *spec) { spec->restart_delay_ms = 5000; }

static void two_programs(struct pm_spec *spec)
{
    static const char *words[] = { "a" };
    spec->exec = (struct pm_strs){ .at = words, .n = 1 };
}

static void empty_program(struct pm_spec *spec)
{
    static const char *words[] = { "", "a" };
    spec->command = "";
    spec->exec = (struct pm_strs){ .at = words, .n = 2 };
}

static void bad_code(struct pm_spec *spec)
{
    static int64_t codes[] = { 0, 256 };
    spec->success_codes = (struct pm_i64s){ .at = codes, .n = 2 };
}

static void unsorted_env(struct pm_spec *spec)
{
    static struct pm_var env[] = { { .name = "b", .value = "" }, { .name = "a", .value = "" } };
    spec->env = (struct pm_var_list){ .at = env, .n = 2 };
}

static void double_env(struct pm_spec *spec)
{
    static struct pm_var env[] = { { .name = "a", .value = "" }, { .name = "a", .value = "" } };
    spec->env = (struct pm_var_list){ .at = env, .n = 2 };
}

static void strange_env(struct pm_spec *spec)
{
    static struct pm_var env[] = { { .name = "a=b", .value = "" } };
    spec->env = (struct pm_var_list){ .at = env, .n = 1 };
}

static void tiny_files(struct pm_spec *spec) { spec->output_max_bytes = 4095; }
static void huge_files(struct pm_spec *spec) { spec->output_max_bytes = (1ull << 40) + 1; }
static void many_files(struct pm_spec *spec) { spec->output_keep = 1001; }
static void short_loss(struct pm_spec *spec) { spec->sheriff_loss_ms = 4999; }
static void long_loss(struct pm_spec *spec) { spec->sheriff_loss_ms = UINT64_MAX; }

Test(spec, off_the_wire_is_judged_whole)
{
    static void (*const break_it[])(struct pm_spec *) = {
        no_program, null_program, bad_name, bad_group, bad_host, open_quote, relative_dir,
        bad_user, bad_users, no_factor, nan_factor, huge_factor, fine_factor, nan_jitter,
        much_jitter, no_signal, past_signals, eternity, long_first, two_programs, empty_program,
        bad_code, unsorted_env, double_env, strange_env, tiny_files, huge_files, many_files,
        short_loss, long_loss,
    };
    struct pm_spec good = given_spec("g", "cam", "rig"), spec;

    cr_expect_null(pm_spec_fault(&good));
    good.working_dir = NULL;
    good.host = NULL;
    cr_expect_null(pm_spec_fault(&good), "missing means empty");
    for (size_t i = 0; i < PM_COUNT(break_it); i++) {
        spec = good;
        break_it[i](&spec);
        cr_expect_not_null(pm_spec_fault(&spec), "row %zu", i);
    }
}

Test(spec, difference_names_the_keys_of_the_file)
{
    struct pm_spec a = given_spec("g", "cam", "rig"), b = a;
    const char *keys[8];
    bool restart = true;

    cr_expect_eq(pm_spec_diff(&a, &b, keys, 8, &restart), 0);
    cr_expect_not(restart);

    b.restart_delay_ms = 20;
    b.autostart = false;
    b.origin = "elsewhere:1";
    cr_assert_eq(pm_spec_diff(&a, &b, keys, 8, &restart), 2);
    cr_expect_str_eq(keys[0], "autostart");
    cr_expect_str_eq(keys[1], "restart.delay");
    cr_expect_not(restart, "policies hold from now on");

    b.command = "camd -v";
    cr_assert_eq(pm_spec_diff(&a, &b, keys, 8, &restart), 3);
    cr_expect_str_eq(keys[0], "command");
    cr_expect(restart, "a running program cannot become another");
    cr_expect_eq(pm_spec_diff(&a, &b, keys, 1, &restart), 1);
    cr_expect(restart);
}

Test(spec, of_another_place_is_no_difference)
{
    struct pm_spec a = given_spec("g", "cam", "rig"), b = given_spec("h", "mac", "gir");
    const char *keys[8];
    bool restart;

    cr_expect_eq(pm_spec_diff(&a, &b, keys, 8, &restart), 0);
}

Test(spec, environment_directory_and_user_need_a_new_life)
{
    static struct pm_var env[] = { { .name = "A", .value = "b" } };
    struct pm_spec a = given_spec("g", "cam", "rig"), rows[] = { a, a, a, a };
    static const char *const expected[] = { "env", "working_dir", "run_as.user", "run_as.group" };
    const char *keys[8];
    bool restart;

    rows[0].env = (struct pm_var_list){ .at = env, .n = 1 };
    rows[1].working_dir = "/tmp";
    rows[2].run_as_user = "robot";
    rows[3].run_as_group = "video";
    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        cr_assert_eq(pm_spec_diff(&a, &rows[i], keys, 8, &restart), 1);
        cr_expect_str_eq(keys[0], expected[i]);
        cr_expect(restart);
    }
}
