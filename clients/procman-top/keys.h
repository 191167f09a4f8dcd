/* Keys, what they are called, and what they do where.
 *
 * A key is a number: a character's code point, or one of the names below. As text: "s", "Ctrl-L",
 * "F9", "PgUp", "Space". The table of actions is in actions.def; a user's file may bind keys
 * anew, one line an action: "word: KEY KEY …". */
#ifndef TOP_KEYS_H
#define TOP_KEYS_H

#include <procman/base.h>

enum key {
    KEY_NONE = 0,
    KEY_CTRL_A = 1,       /* and so on, to Ctrl-Z */
    KEY_TAB = 9, KEY_RETURN = 13, KEY_ESCAPE = 27, KEY_SPACE = 32,
    KEY_FIRST_NAMED = 0x110000, /* behind the last code point */
    KEY_ARROW_UP = KEY_FIRST_NAMED, KEY_ARROW_DOWN, KEY_ARROW_LEFT, KEY_ARROW_RIGHT,
    KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_TO_HOME, KEY_TO_END, KEY_DEL, KEY_ERASE, KEY_BACK_TAB,
    KEY_F1, KEY_F12 = KEY_F1 + 11,
    KEY_MOUSE_EVENT, KEY_RESIZED,
};

enum where { IN_TABLE = 1 << 0, IN_LOGS = 1 << 1, IN_TEXT = 1 << 2,
             IN_ALL = IN_TABLE | IN_LOGS | IN_TEXT };

enum section {
#define SECTION(name, title) SECTION_##name,
#define ACTION(name, section, where, changes, keys, bar, word, meaning)
#include "actions.def"
#undef SECTION
#undef ACTION
    SECTION_COUNT
};

enum action {
    ACTION_NONE,
#define SECTION(name, title)
#define ACTION(name, section, where, changes, keys, bar, word, meaning) ACTION_##name,
#include "actions.def"
#undef SECTION
#undef ACTION
    ACTION_COUNT
};

struct action_info {
    enum section section;
    unsigned where;
    bool changes;
    const char *keys, *bar, *word, *meaning;
};
extern const struct action_info actions[ACTION_COUNT];
extern const char *const section_titles[SECTION_COUNT];

#define KEYS_EACH 4 /* keys one action may have */
struct keymap { uint32_t keys[ACTION_COUNT][KEYS_EACH]; };

void keymap_init(struct keymap *map);               /* as the table says */
/* Read a user's file. OK, or a sentence with line and remedy, heap; lines before it hold. */
char *keymap_read(struct keymap *map, const char *text) PM_MUST_USE;
enum action keymap_find(const struct keymap *map, uint32_t key, enum where where) PM_MUST_USE;
enum action action_by_word(const char *word) PM_MUST_USE;

/* KEY_NONE: no key is called so. */
uint32_t key_by_name(const char *name) PM_MUST_USE;
#define KEY_NAME_SIZE 12
const char *key_text(uint32_t key, char *to); /* to[KEY_NAME_SIZE] */
/* All keys of an action, "K F9"; to[KEYS_EACH * KEY_NAME_SIZE]. */
const char *keymap_names(const struct keymap *map, enum action action, char *to) PM_MUST_USE;

/* The whole map as a file that keymap_read() takes; heap. */
char *keymap_print(const struct keymap *map) PM_MUST_USE;

#endif
