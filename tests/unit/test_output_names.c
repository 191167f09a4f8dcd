/* What the names of output files say. */
#include "brain/output_names.h"

#include <criterion/criterion.h>

#include <string.h>

Test(output_names, a_segment_and_its_index_are_beside_the_live_file)
{
    PM_CLEANUP(pm_free) char *segment = output_segment_path("/l/g/cam.log", 123456);
    PM_CLEANUP(pm_free) char *index = output_index_path("/l/g/cam.log", 123456);

    cr_assert_str_eq(segment, "/l/g/cam.log.0000000000123456");
    cr_assert_str_eq(index, "/l/g/.cam.log.0000000000123456.index");
}

Test(output_names, a_directory_tells_what_is_whose)
{
    static const struct {
        const char *name;
        enum output_kind kind;
        const char *live;
        uint64_t begin;
    } rows[] = {
        { "cam.log", OUTPUT_LIVE, "cam.log", 0 },
        { "cam.log.0000000000000000", OUTPUT_SEGMENT, "cam.log", 0 },
        { "cam.log.9999999999999999", OUTPUT_SEGMENT, "cam.log", 9999999999999999 },
        { ".cam.log.0000000000000042.index", OUTPUT_INDEX, "cam.log", 42 },
        { "a.log.0000000000000001.log", OUTPUT_LIVE, "a.log.0000000000000001.log", 0 },
        { "a.log.0000000000000001.log.0000000000000002", OUTPUT_SEGMENT,
          "a.log.0000000000000001.log", 2 },
        { ".a.log.0000000000000001.log.0000000000000002.index", OUTPUT_INDEX,
          "a.log.0000000000000001.log", 2 },
        { ".log", OUTPUT_OTHER, "", 0 },             /* no process's name is empty */
        { ".hidden.log", OUTPUT_OTHER, "", 0 },
        { "cam.log.1", OUTPUT_OTHER, "", 0 },        /* logrotate's */
        { "cam.log.000000000000000x", OUTPUT_OTHER, "", 0 },
        { "cam.log.00000000000000000", OUTPUT_OTHER, "", 0 },
        { "cam.0000000000000000", OUTPUT_OTHER, "", 0 },
        { ".log.0000000000000000", OUTPUT_OTHER, "", 0 },
        { ".cam.log.index", OUTPUT_OTHER, "", 0 },
        { ".index", OUTPUT_OTHER, "", 0 },
        { "cam.log.0000000000000042.index", OUTPUT_OTHER, "", 0 },
        { "filler", OUTPUT_OTHER, "", 0 },
        { "", OUTPUT_OTHER, "", 0 },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct output_name name = output_name_parse(rows[i].name);
        cr_assert_eq(name.kind, rows[i].kind, "%s", rows[i].name);
        if (name.kind == OUTPUT_OTHER)
            continue;
        cr_assert_eq(name.n_live, strlen(rows[i].live), "%s", rows[i].name);
        cr_assert_arr_eq(name.live, rows[i].live, name.n_live);
        cr_assert_eq(name.begin, rows[i].begin, "%s", rows[i].name);
    }
}
