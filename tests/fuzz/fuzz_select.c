/* Any bytes as a selection: lines are its words, and the first one is a process's name too.
 *
 * Nothing may crash; a refusal has a sentence; a word takes away with '!' exactly what it gives;
 * and the word of a process names that one and no other.
 */
#include <procman/select.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

#define WORDS_MOST 32

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct { const char *group, *name, *host; enum pm_state state; } fleet[] = {
    { "", "cam", "rig08", PM_STATE_RUNNING },
    { "drivers", "left camera", "rig08", PM_STATE_STOPPED },
    { "drivers/cameras", "a[b]*", "robot1", PM_STATE_FAILED },
    { "g\\h", "!x%y", "\xc3\xa4", PM_STATE_BACKOFF },
};

static bool matches(const struct pm_select *select, size_t i)
{
    return pm_select_match(select, fleet[i].group, fleet[i].name, fleet[i].host, fleet[i].state);
}

/* NULL: refused. */
static struct pm_select *open_words(const char **words, size_t n)
{
    struct pm_strs list = { .at = words, .n = n };
    struct pm_select *select = NULL;
    char *why = NULL;

    if (pm_select_open(&list, &select, &why) == PM_OK)
        return select;
    pm_assert(why != NULL && *why != '\0');
    free(why);
    return NULL;
}

static void then_matches_twice_the_same(const char **words, size_t n)
{
    struct pm_select *select = open_words(words, n);

    for (size_t i = 0; select != NULL && i < PM_COUNT(fleet); i++)
        pm_assert(matches(select, i) == matches(select, i));
    pm_select_close(&select);
}

static void then_taken_away(const char *word)
{
    PM_CLEANUP(pm_free) char *but = pm_printf("!%s", word);
    const char *words[] = { word, but };
    struct pm_select *given = open_words(words, 1), *none = open_words(words, 2);

    pm_assert(*word == '!' || (given == NULL) == (none == NULL));
    for (size_t i = 0; none != NULL && *word != '!' && i < PM_COUNT(fleet); i++)
        pm_assert(!matches(none, i));
    pm_select_close(&given);
    pm_select_close(&none);
}

static void then_named(const char *name)
{
    PM_CLEANUP(pm_free) char *other = pm_printf("%sx", name);
    PM_CLEANUP(pm_free) char *word = pm_select_word(name, name, name);
    const char *words[] = { word };
    struct pm_select *select;

    if (pm_name_fault(name) != NULL)
        return;
    select = open_words(words, 1);
    pm_assert(select != NULL);
    pm_assert(pm_select_match(select, name, name, name, PM_STATE_RUNNING));
    pm_assert(!pm_select_match(select, other, name, name, PM_STATE_RUNNING));
    pm_assert(!pm_select_match(select, name, other, name, PM_STATE_RUNNING));
    pm_assert(!pm_select_match(select, name, name, other, PM_STATE_RUNNING));
    pm_assert(pm_select_unmatched(select) == NULL);
    pm_select_close(&select);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    PM_CLEANUP(pm_free) char *text = pm_alloc(n + 1);
    const char *words[WORDS_MOST];
    size_t count = 0;
    char *rest = NULL;

    memcpy(text, bytes, n);
    for (char *word = strtok_r(text, "\n", &rest); word != NULL && count < WORDS_MOST;
         word = strtok_r(NULL, "\n", &rest))
        words[count++] = word;
    then_matches_twice_the_same(words, count);
    for (size_t i = 0; i < count; i++)
        then_taken_away(words[i]);
    if (count > 0)
        then_named(words[0]);
    return 0;
}
