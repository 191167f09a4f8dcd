/* Values with a grammar of their own, sizes and on_sheriff_loss: what is right, in a file and
 * for `--set`, and the exact words for what is not. */
#include <criterion/criterion.h>
#include <procman/config.h>
#include <procman/limits.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

static struct pm_config given(const char *keys)
{
    struct pm_config config = { 0 };
    char *text = pm_printf("processes: [{name: p, command: x, %s}]", keys), *errors = NULL;
    enum pm_err err = pm_config_parse("f", text, strlen(text), &config, &errors);

    cr_assert_eq(err, PM_OK, "%s", errors);
    free(text);
    return config;
}

/* The sentence alone: "f:1:42: error: SENTENCE\n…". */
static void then_refused(const char *keys, const char *sentence)
{
    struct pm_config config;
    char *text = pm_printf("processes: [{name: p, command: x, %s}]", keys), *errors = NULL;

    cr_assert_eq(pm_config_parse("f", text, strlen(text), &config, &errors), PM_BAD_CONFIG, "%s",
                 keys);
    const char *said = strstr(errors, "error: ") + strlen("error: ");
    cr_expect_eq(strncmp(said, sentence, strlen(sentence)), 0, "%s", errors);
    cr_expect_eq(said[strlen(sentence)], '\n', "%s", errors);
    free(errors);
    free(text);
}

Test(config_values, output_is_bounded_by_default)
{
    struct pm_config config = given("autostart: true");
    const struct pm_spec *spec = &config.specs.at[0];

    cr_expect_eq(spec->output_max_bytes, 10 << 20);
    cr_expect_eq(spec->output_keep, 5);
    cr_expect_not(spec->output_pty);
    cr_expect_eq(spec->sheriff_loss_ms, 0);
    pm_config_fini(&config);
}

Test(config_values, sizes_are_read_as_people_write_them)
{
    static const struct { const char *text; uint64_t bytes; } rows[] = {
        { "10MiB", 10 << 20 }, { "64k", 64 << 10 }, { "1G", 1 << 30 }, { "'2M'", 2 << 20 },
        { "1.5m", 3 << 19 }, { "4096", 4096 }, { "4KiB", 4096 }, { "5kB", 5000 },
        { "1T", 1ull << 40 },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        char *keys = pm_printf("output: {max_size: %s}", rows[i].text);
        struct pm_config config = given(keys);
        cr_expect_eq(config.specs.at[0].output_max_bytes, rows[i].bytes, "%s", keys);
        pm_config_fini(&config);
        free(keys);
    }
}

Test(config_values, of_output_that_are_wrong_are_told)
{
    static const struct { const char *keys, *sentence; } rows[] = {
        { "output: {max_size: big}", "output.max_size of process 'p' is 'big': not a size; write "
          "64k, 10MiB or 1G (a bare number is bytes)" },
        { "output: {max_size: -1}", "output.max_size of process 'p' is '-1': not a size; write "
          "64k, 10MiB or 1G (a bare number is bytes)" },
        { "output: {max_size: 010k}", "output.max_size of process 'p' is '010k': numbers are "
          "decimal, without a zero in front" },
        { "output: {max_size: 0}", "output.max_size of process 'p' is '0': less than 4KiB" },
        { "output: {max_size: 4095}", "output.max_size of process 'p' is '4095': less than 4KiB" },
        { "output: {max_size: 2T}", "output.max_size of process 'p' is '2T': more than 1TiB" },
        { "output: {max_size: [1]}", "output.max_size of process 'p' is a list; expected a size "
          "such as 10MiB" },
        { "output: {keep: 1001}", "output.keep of process 'p' is '1001': more than 1000 rotated "
          "files" },
        { "output: {keep: many}", "output.keep of process 'p' is 'many': not a whole number, 0 or "
          "more" },
        { "output: {pty: yes}", "output.pty of process 'p' is 'yes': not a boolean here; write "
          "true, without quotes" },
        { "output: {maxsize: 1M}", "unknown key 'maxsize' in output of process 'p' (did you mean "
          "'max_size'?)" },
        { "outputs: {keep: 1}", "unknown key 'outputs' in process 'p' (did you mean 'output'?)" },
        { "output: 10MiB", "output of process 'p' is a plain value; expected a map such as "
          "{max_size: 10MiB}" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        then_refused(rows[i].keys, rows[i].sentence);
}

Test(config_values, on_sheriff_loss_is_a_word_or_a_map)
{
    static const struct { const char *keys; uint64_t ms; } rows[] = {
        { "on_sheriff_loss: keep", 0 }, { "on_sheriff_loss: {stop_after: 30s}", 30000 },
        { "on_sheriff_loss: {stop_after: 5}", 5000 },
        { "on_sheriff_loss: {stop_after: 1h30m}", 5400000 },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct pm_config config = given(rows[i].keys);
        cr_expect_eq(config.specs.at[0].sheriff_loss_ms, rows[i].ms, "%s", rows[i].keys);
        pm_config_fini(&config);
    }
}

Test(config_values, on_sheriff_loss_of_a_process_is_nearer_than_that_of_all)
{
    const char text[] = "defaults: {on_sheriff_loss: {stop_after: 30s}}\n"
                        "processes: [{name: arm, command: x},\n"
                        "            {name: log, command: x, on_sheriff_loss: keep}]\n";
    struct pm_config config;
    char *errors;

    cr_assert_eq(pm_config_parse("f", text, strlen(text), &config, &errors), PM_OK);
    cr_expect_eq(config.specs.at[0].sheriff_loss_ms, 30000);
    cr_expect_eq(config.specs.at[1].sheriff_loss_ms, 0);
    pm_config_fini(&config);
}

Test(config_values, of_on_sheriff_loss_that_are_wrong_are_told)
{
    static const struct { const char *keys, *sentence; } rows[] = {
        { "on_sheriff_loss: stop", "on_sheriff_loss of process 'p' is 'stop': write keep or "
          "{stop_after: 30s}" },
        { "on_sheriff_loss: ~", "on_sheriff_loss of process 'p' has no value; expected keep or "
          "{stop_after: 30s}" },
        { "on_sheriff_loss: [keep]", "on_sheriff_loss of process 'p' is a list; expected keep or "
          "{stop_after: 30s}" },
        { "on_sheriff_loss: {}", "on_sheriff_loss of process 'p' has one key, stop_after" },
        { "on_sheriff_loss: {after: 5s}", "on_sheriff_loss of process 'p' has one key, "
          "stop_after" },
        { "on_sheriff_loss: {stop_after: 5s, keep: 1}", "on_sheriff_loss of process 'p' has one "
          "key, stop_after" },
        { "on_sheriff_loss: {stop_after: ~}", "on_sheriff_loss.stop_after of process 'p' has no "
          "value; expected a duration such as 5s" },
        { "on_sheriff_loss: {stop_after: soon}", "on_sheriff_loss.stop_after of process 'p' is "
          "'soon': not a duration; write 500ms, 5s or 1h30m (a bare number is seconds)" },
        { "on_sheriff_loss: {stop_after: 0}", "on_sheriff_loss.stop_after of process 'p' is '0': "
          "less than 5s; a sheriff that begins again is away for a moment" },
        { "on_sheriff_loss: {stop_after: 9999d}", "on_sheriff_loss.stop_after of process 'p' is "
          "'9999d': longer than ten years" },
        { "on_sherif_loss: keep", "unknown key 'on_sherif_loss' in process 'p' (did you mean "
          "'on_sheriff_loss'?)" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        then_refused(rows[i].keys, rows[i].sentence);
}

Test(config_values, are_set_on_a_command_line)
{
    static const struct { const char *key, *value; size_t offset; uint64_t number; } rows[] = {
        { "output.max_size", "1MiB", offsetof(struct pm_spec, output_max_bytes), 1 << 20 },
        { "output.max_size", "", offsetof(struct pm_spec, output_max_bytes), 10 << 20 },
        { "output.keep", "0", offsetof(struct pm_spec, output_keep), 0 },
        { "output", "{keep: 9}", offsetof(struct pm_spec, output_keep), 9 },
        { "on_sheriff_loss", "{stop_after: 1m}", offsetof(struct pm_spec, sheriff_loss_ms),
          60000 },
        { "on_sheriff_loss", "keep", offsetof(struct pm_spec, sheriff_loss_ms), 0 },
        { "on_sheriff_loss", "{stop_after: 6s}", offsetof(struct pm_spec, sheriff_loss_ms), 6000 },
        { "on_sheriff_loss", "", offsetof(struct pm_spec, sheriff_loss_ms), 0 },
    };
    struct pm_arena arena;
    struct pm_spec spec;

    pm_arena_init(&arena, 0);
    pm_spec_init(&spec);
    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        char *why = NULL;
        cr_assert_eq(pm_config_set(&spec, rows[i].key, rows[i].value, &arena, &why), PM_OK, "%s",
                     why);
        cr_expect_eq(*(uint64_t *)((char *)&spec + rows[i].offset), rows[i].number, "row %zu", i);
    }
    pm_arena_fini(&arena);
}

Test(config_values, of_output_cost_a_life_only_for_a_terminal)
{
    const char *keys[8];
    struct pm_spec a, b;
    bool restart;

    pm_spec_init(&a);
    b = a;
    b.output_max_bytes = 1 << 20;
    b.output_keep = 1;
    b.sheriff_loss_ms = 30000;
    cr_assert_eq(pm_spec_diff(&a, &b, keys, 8, &restart), 3);
    cr_expect_str_eq(keys[0], "output.max_size");
    cr_expect_str_eq(keys[2], "on_sheriff_loss");
    cr_expect_not(restart);

    b.output_pty = true;
    cr_assert_eq(pm_spec_diff(&a, &b, keys, 8, &restart), 4);
    cr_expect(restart);
}

Test(config_values, of_an_older_program_are_the_defaults)
{
    struct pm_spec spec;

    pm_spec_init(&spec);
    spec.name = "p";
    spec.command = "x";
    spec.output_max_bytes = 0;
    spec.output_keep = 0;
    cr_expect_null(pm_spec_fault(&spec));
}
