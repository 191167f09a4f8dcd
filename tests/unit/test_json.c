/* Structs as JSON: every key present, in the schema's order. */
#include <procman/json.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void line_is(const struct pm_desc *desc, const void *item, const char *wanted)
{
    PM_CLEANUP(pm_free) char *text = NULL;

    cr_assert_eq(pm_json_line(desc, item, &text), PM_OK);
    cr_expect_str_eq(text, wanted, "%s", text);
}

Test(json, a_line_has_every_key_even_when_empty)
{
    struct pm_want want = { .id = 7 };

    line_is(&pm_want_desc, &want, "{\"id\":7,\"up\":false,\"order\":0}");
}

Test(json, words_lists_and_strings_are_what_people_read)
{
    struct pm_change change = {
        .action = PM_ACTION_RESTART, .name = "left \"cam\"", .group = "häuser",
        .fields = { (const char *[]){ "command", "env.PORT" }, 2 },
    };

    line_is(&pm_change_desc, &change,
            "{\"action\":\"restart\",\"name\":\"left \\\"cam\\\"\",\"group\":\"häuser\","
            "\"host\":\"\",\"fields\":[\"command\",\"env.PORT\"],\"from\":\"\"}");
}

Test(json, a_part_is_a_nested_object)
{
    struct pm_deputy deputy = { .name = "rig", .state = PM_LINK_UP, .machine.load = 0.3 };
    PM_CLEANUP(pm_free) char *text = NULL;

    cr_assert_eq(pm_json_line(&pm_deputy_desc, &deputy, &text), PM_OK);
    cr_expect_not_null(strstr(text, "\"state\":\"up\""), "%s", text);
    cr_expect_not_null(strstr(text, "\"machine\":{\"cpu_pct\":0.0,"), "%s", text);
    cr_expect_not_null(strstr(text, "\"load\":0.3,"), "short, not 0.29999…: %s", text);
}

Test(json, bytes_that_are_no_text_are_replaced_not_lost)
{
    struct pm_chunk chunk = { .id = 1, .data = { (const uint8_t *)"a\xff" "b", 3 } };

    line_is(&pm_chunk_desc, &chunk,
            "{\"id\":1,\"offset\":0,\"stream\":\"out\",\"data\":\"a\xef\xbf\xbd" "b\","
            "\"time_ms\":0,\"run\":0,\"dropped\":0}");
}

Test(json, a_number_no_reader_could_hold_is_a_string)
{
    struct pm_want want = { .id = UINT64_MAX, .order = INT64_MAX };

    line_is(&pm_want_desc, &want,
            "{\"id\":\"18446744073709551615\",\"up\":false,\"order\":9223372036854775807}");
}

Test(json, a_document_says_its_schema_and_ends_with_a_newline)
{
    struct pm_want wants[] = { { .id = 1 }, { .id = 2, .up = true } };
    PM_CLEANUP(pm_free) char *text = NULL;

    cr_assert_eq(pm_json_document("wants", &pm_want_desc, wants, 2, 0, &text), PM_OK);
    cr_expect_str_eq(text, "{\"schema\":\"procman.v1\",\"wants\":[{\"id\":1,\"up\":false,"
                           "\"order\":0},{\"id\":2,\"up\":true,\"order\":0}]}\n");
}

Test(json, an_empty_document_is_an_empty_list)
{
    PM_CLEANUP(pm_free) char *text = NULL;

    cr_assert_eq(pm_json_document("processes", &pm_proc_desc, NULL, 0, 2, &text), PM_OK);
    cr_expect_str_eq(text, "{\n  \"schema\": \"procman.v1\",\n  \"processes\": []\n}\n");
}
