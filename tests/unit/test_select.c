/* Selectors: which words name which processes. */
#include <procman/select.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* The fleet of these tests; a row's letter names it in what is expected. */
static const struct {
    char letter;
    const char *group, *name, *host;
    enum pm_state state;
} fleet[] = {
    { 'a', "", "cam", "rig1", PM_STATE_RUNNING },
    { 'b', "drivers", "cam", "rig1", PM_STATE_FAILED },
    { 'c', "drivers/front", "cam", "rig2", PM_STATE_RUNNING },
    { 'd', "drivers/front", "left lidar", "rig2", PM_STATE_STOPPED },
    { 'e', "planner", "all", "lab", PM_STATE_FAILED },
    { 'f', "planner", "häuschen", "lab", PM_STATE_BACKOFF },
    { 'g', "planner", "50%", "lab", PM_STATE_RUNNING },
};

static struct pm_select *open_words(const char *line, char **why)
{
    static char text[200];
    const char *words[10];
    struct pm_strs list = { words, 0 };
    struct pm_select *select = NULL;

    strcpy(text, line);
    for (char *word = strtok(text, ","); word; word = strtok(NULL, ","))
        words[list.n++] = word;
    enum pm_err err = pm_select_open(&list, &select, why);
    cr_assert_eq(err, select ? PM_OK : PM_USAGE);
    return select;
}

static const char *matched(const char *line)
{
    static char letters[PM_COUNT(fleet) + 1];
    char *why = NULL, *to = letters;
    struct pm_select *select = open_words(line, &why);

    cr_assert_not_null(select, "%s", why);
    for (size_t i = 0; i < PM_COUNT(fleet); i++)
        if (pm_select_match(select, fleet[i].group, fleet[i].name, fleet[i].host, fleet[i].state))
            *to++ = fleet[i].letter;
    *to = '\0';
    pm_select_close(&select);
    return letters;
}

Test(select, words_name_processes)
{
    static const struct { const char *words, *letters; } rows[] = {
        { "cam", "abc" },
        { "drivers/cam", "b" },
        { "drivers/front/cam", "c" },
        { "[]/[!x]*", "" },        /* a set may begin with ']': one grammar for cutting and */
        { "[!]/[x]*", "abcdefg" }, /* for matching, or matching reads behind the pattern */
        { "d[!]]ivers/cam", "b" },
        { "/cam", "a" },
        { "drivers/", "bcd" },
        { "drivers/front/", "cd" },
        { "front/", "" },
        { "d*/", "bcd" },
        { "/", "abcdefg" },
        { "c*", "abc" },
        { "*", "abcdefg" },
        { "*/cam", "b" },
        { "*/*/cam", "c" },
        { "d?ivers/[a-d]am", "b" },
        { "h?uschen", "f" },
        { "[!c]*", "defg" },
        { "left lidar", "d" },
        { "cam@rig1", "ab" },
        { "@rig*", "abcd" },
        { "@lab", "efg" },
        { "%failed", "be" },
        { "drivers/%failed", "b" },
        { "cam@rig2%running", "c" },
        { "cam%running@rig2", "c" },
        { "all", "abcdefg" },
        { "all@lab", "efg" },
        { "\\all", "e" },
        { "planner/all", "e" },
        { "50\\%", "g" },
        { "cam,@lab", "abcefg" },
        { "drivers/,!cam", "d" },
        { "!cam,drivers/", "d" },
        { "!%running", "bdef" },
        { "!drivers/,!@lab", "a" },
        { "", "abcdefg" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_str_eq(matched(rows[i].words), rows[i].letters, "%s: %s", rows[i].words,
                         matched(rows[i].words));
}

Test(select, a_wrong_word_is_named_with_its_reason)
{
    static const struct { const char *words, *why; } rows[] = {
        { "cam,%faild", "selector '%faild': there is no state 'faild'; did you mean %failed?" },
        { "50%", "selector '50%': there is no state ''; for a '%' in a name write \\%" },
        { "%nowhere", "selector '%nowhere': there is no state 'nowhere'; for a '%' in a name "
                      "write \\%" },
        { "cam@", "selector 'cam@': no host follows the '@'" },
        { "cam@a@b", "selector 'cam@a@b': it names two hosts" },
        { "%failed%lost", "selector '%failed%lost': it names two states" },
        { "!", "selector '!': it is empty" },
        { "c[am", "selector 'c[am': a '[' without its ']'; write \\[ for the character itself" },
        { "cam@[x", "selector 'cam@[x': a '[' without its ']'; write \\[ for the character "
                    "itself" },
        { "cam\\", "selector 'cam\\': nothing follows the backslash" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        PM_CLEANUP(pm_free) char *why = NULL;

        cr_assert_null(open_words(rows[i].words, &why), "%s", rows[i].words);
        cr_expect_str_eq(why, rows[i].why, "%s", why);
    }
}

Test(select, a_word_that_met_nothing_is_told)
{
    char *why = NULL;
    struct pm_select *select = open_words("!nobody,%lost,cam,caam@x,dog", &why);

    cr_assert_not_null(select, "%s", why);
    cr_expect_str_eq(pm_select_unmatched(select), "cam");
    cr_expect(pm_select_match(select, "", "cam", "x", PM_STATE_RUNNING));
    cr_expect_str_eq(pm_select_unmatched(select), "caam@x");
    cr_expect(pm_select_match(select, "", "caam", "x", PM_STATE_RUNNING));
    cr_expect(pm_select_match(select, "", "dog", "x", PM_STATE_RUNNING));
    cr_expect_null(pm_select_unmatched(select));
    cr_expect(pm_select_by_state(select));
    pm_select_close(&select);
    cr_expect_null(select);
    pm_select_close(&select);
}

Test(select, an_excluded_match_still_counts_as_a_match)
{
    char *why = NULL;
    struct pm_select *select = open_words("cam,!@x", &why);

    cr_expect_not(pm_select_match(select, "", "cam", "x", PM_STATE_RUNNING));
    cr_expect_null(pm_select_unmatched(select));
    cr_expect_not(pm_select_by_state(select));
    pm_select_close(&select);
}

Test(select, there_is_a_word_for_each_process_and_for_no_other)
{
    static const struct { const char *group, *name, *host; } named[] = {
        { "", "cam", "rig" }, { "drivers", "cam", "rig" }, { "drivers", "cam", "rig2" },
        { "", "all", "rig" }, { "", "[ab]*", "rig" }, { "", "a", "rig" }, { "", "!a", "rig" },
        { "%failed", "50%", "r?g" }, { "a\\b", "c\\", "r@g" },
    };

    for (size_t i = 0; i < PM_COUNT(named); i++) {
        PM_CLEANUP(pm_free) char *word = pm_select_word(named[i].group, named[i].name,
                                                        named[i].host);
        const char *words[] = { word };
        struct pm_strs list = { words, 1 };
        struct pm_select *select = NULL;
        char *why = NULL;

        cr_assert_eq(pm_select_open(&list, &select, &why), PM_OK, "%s: %s", word, why);
        for (size_t k = 0; k < PM_COUNT(named); k++)
            cr_expect_eq(pm_select_match(select, named[k].group, named[k].name, named[k].host,
                                         PM_STATE_RUNNING), i == k, "%s", word);
        pm_select_close(&select);
    }
}
