/* "Did you mean …" */
#include <procman/suggest.h>

#include <criterion/criterion.h>

static const char *suggest(const char *wrong)
{
    static const char *const known[] = { "start", "status", "stop", "restart", "remove", "logs",
                                         "Häuschen", "a" };
    struct pm_suggest suggest = { .wrong = wrong };

    for (size_t i = 0; i < PM_COUNT(known); i++)
        pm_suggest_try(&suggest, known[i]);
    return suggest.best ? suggest.best : "nothing";
}

Test(suggest, the_nearest_word_is_found)
{
    static const struct { const char *wrong, *best; } rows[] = {
        { "strat", "start" },      /* swapped */
        { "statsu", "status" },
        { "stpo", "stop" },
        { "retsart", "restart" },
        { "remov", "remove" },     /* missing */
        { "loggs", "logs" },       /* too many */
        { "lags", "logs" },        /* wrong */
        { "STOP", "stop" },        /* case costs nothing */
        { "haeuschen", "Häuschen" },
        { "xyz", "nothing" },
        { "", "nothing" },
        { "b", "nothing" },        /* one letter is not like another */
        { "lo", "nothing" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++)
        cr_expect_str_eq(suggest(rows[i].wrong), rows[i].best, "%s: %s", rows[i].wrong,
                         suggest(rows[i].wrong));
}

Test(suggest, the_first_of_two_equally_near_words_wins)
{
    struct pm_suggest suggest = { .wrong = "cama" };

    pm_suggest_try(&suggest, "camb");
    pm_suggest_try(&suggest, "camc");
    cr_expect_str_eq(suggest.best, "camb");
    cr_expect_eq(suggest.distance, 1);
}

Test(suggest, a_very_long_word_is_no_typo)
{
    char wrong[300] = { 0 };
    struct pm_suggest suggest = { .wrong = wrong };

    for (size_t i = 0; i + 1 < sizeof wrong; i++)
        wrong[i] = 'x';
    pm_suggest_try(&suggest, wrong + 1);
    cr_expect_null(suggest.best);
}
