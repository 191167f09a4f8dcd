#include "keys.h"

#include <procman/suggest.h>
#include <procman/utf8.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct action_info actions[ACTION_COUNT] = {
    [ACTION_NONE] = { 0, 0, false, "", "", "none", "nothing" },
#define SECTION(name, title)
#define ACTION(name, section, where, changes, keys, bar, word, meaning) \
    [ACTION_##name] = { SECTION_##section, where, changes, keys, bar, word, meaning },
#include "actions.def"
#undef SECTION
#undef ACTION
};

const char *const section_titles[SECTION_COUNT] = {
#define SECTION(name, title) [SECTION_##name] = title,
#define ACTION(name, section, where, changes, keys, bar, word, meaning)
#include "actions.def"
#undef SECTION
#undef ACTION
};

/* ---- names ----------------------------------------------------------------------------------- */

static const struct { const char *name; uint32_t key; } names[] = {
    { "Up", KEY_ARROW_UP }, { "Down", KEY_ARROW_DOWN }, { "Left", KEY_ARROW_LEFT },
    { "Right", KEY_ARROW_RIGHT }, { "PgUp", KEY_PAGE_UP }, { "PgDn", KEY_PAGE_DOWN },
    { "Home", KEY_TO_HOME }, { "End", KEY_TO_END }, { "Delete", KEY_DEL },
    { "Backspace", KEY_ERASE }, { "Back-Tab", KEY_BACK_TAB }, { "Tab", KEY_TAB },
    { "Enter", KEY_RETURN }, { "Esc", KEY_ESCAPE }, { "Space", KEY_SPACE },
};

uint32_t key_by_name(const char *name)
{
    size_t n = strlen(name);
    uint32_t code;
    char *end;

    for (size_t i = 0; i < PM_COUNT(names); i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].key;
    if (strncasecmp(name, "Ctrl-", 5) == 0 && n == 6 && (name[5] | 32) >= 'a'
        && (name[5] | 32) <= 'z')
        return KEY_CTRL_A + (uint32_t)((name[5] | 32) - 'a');
    if (n >= 2 && n <= 3 && *name == 'F') {
        long number = strtol(name + 1, &end, 10);
        return *end == '\0' && number >= 1 && number <= 12 ? KEY_F1 + (uint32_t)number - 1
                                                           : KEY_NONE;
    }
    if (n > 0 && pm_code_next(name, n, &code) == n && code > KEY_SPACE)
        return code;
    return KEY_NONE;
}

const char *key_text(uint32_t key, char *to)
{
    for (size_t i = 0; i < PM_COUNT(names); i++)
        if (names[i].key == key)
            return strcpy(to, names[i].name);
    if (key >= KEY_F1 && key <= KEY_F12)
        snprintf(to, KEY_NAME_SIZE, "F%u", (unsigned)(key - KEY_F1 + 1));
    else if (key >= KEY_CTRL_A && key < KEY_CTRL_A + 26)
        snprintf(to, KEY_NAME_SIZE, "Ctrl-%c", (int)('A' + key - KEY_CTRL_A));
    else
        to[pm_code_put(key, to)] = '\0';
    return to;
}

/* ---- the map --------------------------------------------------------------------------------- */

/* Words of keys into slots. NULL, or the first word that is no key. */
static char *bind(uint32_t *slots, const char *words)
{
    size_t n = 0;

    memset(slots, 0, KEYS_EACH * sizeof *slots);
    for (const char *at = words + strspn(words, " "); *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        PM_CLEANUP(pm_free) char *word = pm_strdup(at);
        word[length] = '\0';
        if (key_by_name(word) == KEY_NONE)
            return pm_printf("\"%s\" is no key: write it as s, Ctrl-L, F9, PgUp or Space", word);
        if (n == KEYS_EACH)
            return pm_printf("an action has at most %d keys", KEYS_EACH);
        slots[n++] = key_by_name(word);
        at += length;
    }
    return NULL;
}

void keymap_init(struct keymap *map)
{
    for (enum action action = 0; action < ACTION_COUNT; action++) {
        char *why = bind(map->keys[action], actions[action].keys);
        pm_assert(why == NULL);
    }
}

enum action keymap_find(const struct keymap *map, uint32_t key, enum where where)
{
    for (enum action action = 1; key != KEY_NONE && action < ACTION_COUNT; action++)
        for (size_t i = 0; i < KEYS_EACH; i++)
            if (map->keys[action][i] == key && (actions[action].where & where))
                return action;
    return ACTION_NONE;
}

enum action action_by_word(const char *word)
{
    for (enum action action = 1; action < ACTION_COUNT; action++)
        if (strcmp(actions[action].word, word) == 0)
            return action;
    return ACTION_NONE;
}

static const char *nearest_word(const char *wrong)
{
    struct pm_suggest nearest = { .wrong = wrong };

    for (enum action action = 1; action < ACTION_COUNT; action++)
        pm_suggest_try(&nearest, actions[action].word);
    return nearest.best;
}

/* A key does one thing in one place: who takes it, takes it from the others. */
static void take_from_others(struct keymap *map, enum action taker)
{
    for (enum action other = 1; other < ACTION_COUNT; other++)
        for (size_t i = 0; other != taker && i < KEYS_EACH; i++)
            for (size_t k = 0; k < KEYS_EACH; k++)
                if (map->keys[other][i] == map->keys[taker][k]
                    && (actions[other].where & actions[taker].where))
                    map->keys[other][i] = KEY_NONE;
}

static char *read_line(struct keymap *map, const char *line, unsigned number)
{
    PM_CLEANUP(pm_free) char *why = NULL;
    PM_CLEANUP(pm_free) char *word = NULL;
    size_t n = strcspn(line, ":");
    enum action action;
    const char *near;

    if (*line == '\0' || *line == '#')
        return NULL;
    if (line[n] == '\0')
        return pm_printf("line %u: \"%s\" is no \"action: KEY KEY\"", number, line);
    word = pm_strdup(line);
    word[n] = '\0';
    action = action_by_word(word);
    if (action == ACTION_NONE) {
        near = nearest_word(word);
        return pm_printf("line %u: there is no action \"%s\"%s%s%s; see procman-top --print-keys",
                         number, word, near ? " (did you mean \"" : "", near ? near : "",
                         near ? "\"?)" : "");
    }
    why = bind(map->keys[action], line + n + 1);
    if (why != NULL)
        return pm_printf("line %u: %s", number, why);
    take_from_others(map, action);
    return NULL;
}

char *keymap_read(struct keymap *map, const char *text)
{
    unsigned number = 1;

    for (const char *at = text; *at; number++) {
        size_t n = strcspn(at, "\n"), length = n;
        PM_CLEANUP(pm_free) char *line = pm_strdup(at);
        char *why;
        while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\r'
                              || line[length - 1] == '\t'))
            length--;
        line[length] = '\0';
        why = read_line(map, line + strspn(line, " \t"), number);
        if (why != NULL)
            return why;
        at += n + (at[n] == '\n');
    }
    return NULL;
}

const char *keymap_names(const struct keymap *map, enum action action, char *to)
{
    char name[KEY_NAME_SIZE], *at = to;

    *to = '\0';
    for (size_t i = 0; i < KEYS_EACH; i++)
        if (map->keys[action][i] != KEY_NONE)
            at += sprintf(at, "%s%s", at == to ? "" : " ", key_text(map->keys[action][i], name));
    return to;
}

char *keymap_print(const struct keymap *map)
{
    char *text = pm_strdup("# Keys of procman-top; a file like this at "
                           "$XDG_CONFIG_HOME/procman/top-keys changes them.\n");

    for (enum section section = 0; section < SECTION_COUNT; section++) {
        char *head = pm_printf("%s\n# %s\n", text, section_titles[section]);
        free(text);
        text = head;
        for (enum action action = 1; action < ACTION_COUNT; action++) {
            char keys[KEYS_EACH * KEY_NAME_SIZE], *more;
            if (actions[action].section != section)
                continue;
            more = pm_printf("%s# %s\n%s: %s\n", text, actions[action].meaning,
                             actions[action].word, keymap_names(map, action, keys));
            free(text);
            text = more;
        }
    }
    return text;
}
