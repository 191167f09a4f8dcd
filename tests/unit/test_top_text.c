/* What strangers write, on a screen: colours kept, all else harmless; filters, keys, typing. */
#include "ansi.h"
#include "canvas.h"
#include "filter.h"
#include "keys.h"
#include "prompt.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct canvas canvas;

static void given_a_canvas(void)
{
    cr_assert_not_null(setlocale(LC_ALL, "C.UTF-8"));
    canvas_init(&canvas, &themes[0], false);
    canvas_resize(&canvas, 2, 10);
}

static void over(void)
{
    canvas_fini(&canvas);
}

TestSuite(top_text, .init = given_a_canvas, .fini = over);

static void then_row_is(int row, const char *expected)
{
    char *text = canvas_row(&canvas, row);

    cr_assert_str_eq(text, expected);
    free(text);
}

Test(top_text, what_does_not_fit_is_cut)
{
    cr_assert_eq(canvas_text(&canvas, 0, 6, 100, LOOK_PLAIN, "abcdef"), 4);
    then_row_is(0, "      abcd");
    cr_assert_eq(canvas_text(&canvas, 5, 0, 100, LOOK_PLAIN, "nowhere"), 0);
}

Test(top_text, wide_characters_take_two_columns_and_are_never_halved)
{
    cr_assert_eq(canvas_text(&canvas, 0, 7, 100, LOOK_PLAIN, "日本"), 2);
    then_row_is(0, "       日");
    canvas_text(&canvas, 0, 8, 1, LOOK_PLAIN, "x");
    then_row_is(0, "        x");
}

Test(top_text, a_wide_character_drawn_over_a_half_leaves_blanks)
{
    canvas_text(&canvas, 0, 0, 10, LOOK_PLAIN, "日本");
    canvas_text(&canvas, 0, 1, 2, LOOK_PLAIN, "語");
    then_row_is(0, " 語");
}

Test(top_text, combining_characters_stay_with_their_letter)
{
    cr_assert_eq(canvas_text(&canvas, 0, 0, 10, LOOK_PLAIN, "e\xcc\x81x"), 2);
    then_row_is(0, "e\xcc\x81x");
    cr_assert_str_eq(canvas.cells[0].text, "e\xcc\x81");
}

Test(top_text, controls_escapes_and_broken_bytes_are_seen_and_not_done)
{
    canvas_text(&canvas, 0, 0, 10, LOOK_PLAIN, "a\x1b[2Jb\xff\xe2\x80\xae" "c");
    then_row_is(0, "a·[2Jb··c");
}

Test(top_text, ascii_mode_shows_nothing_else)
{
    canvas.ascii = true;
    canvas_text(&canvas, 0, 0, 10, LOOK_PLAIN, "aé日\x07");
    then_row_is(0, "a???");
}

Test(top_text, numbers_stand_on_the_right)
{
    canvas_right(&canvas, 0, 2, 5, LOOK_PLAIN, "42");
    then_row_is(0, "     42");
}

/* ---- colours in output ----------------------------------------------------------------------- */

static const struct style own = { COLOUR_DEFAULT, COLOUR_DEFAULT, 0 };

struct colour_row { const char *text, *plain; struct style last; };

Test(top_text, colours_are_obeyed_and_other_sequences_dropped)
{
    static const struct colour_row rows[] = {
        { "plain", "plain", { -1, -1, 0 } },
        { "\x1b[31mred", "red", { 1, -1, 0 } },
        { "\x1b[1;92;44mx", "x", { 10, 4, STYLE_BOLD } },
        { "\x1b[38;5;208mx", "x", { 208, -1, 0 } },
        { "\x1b[48;2;255;0;0mx", "x", { -1, 196, 0 } },
        { "\x1b[38;2;128;128;128mx", "x", { 244, -1, 0 } },
        { "\x1b[31m\x1b[0mx", "x", { -1, -1, 0 } },
        { "\x1b[1m\x1b[22m\x1b[4mx", "x", { -1, -1, STYLE_UNDERLINE } },
        { "\x1b[mx", "x", { -1, -1, 0 } },
        { "\x1b[2J\x1b[10;10Hx", "x", { -1, -1, 0 } },
        { "\x1b]0;title\x07x", "x", { -1, -1, 0 } },
        { "\x1b]0;title\x1b\\x", "x", { -1, -1, 0 } },
        { "\x1bP payload \x1b\\x", "x", { -1, -1, 0 } },
        { "\x1b(Bx", "x", { -1, -1, 0 } },
        { "\x1b" "cx", "x", { -1, -1, 0 } },
        { "10%\r50%\rdone", "done", { -1, -1, 0 } },
        { "windows\r", "windows", { -1, -1, 0 } },
        { "x\x1b[3", "x", { -1, -1, 0 } },
        { "x\x1b", "x", { -1, -1, 0 } },
        { "\x1b[38;5mx", "x", { -1, -1, 0 } },
        { "\x1b[99999999999;31mx", "x", { -1, -1, 0 } },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct style style = own;
        struct ansi_piece piece = { .style = own };
        size_t offset = 0, n = strlen(rows[i].text);
        char *plain = ansi_plain(rows[i].text, n);
        cr_assert_str_eq(plain, rows[i].plain, "row %zu: %s", i, plain);
        free(plain);
        while (ansi_next(rows[i].text, n, &offset, &style, &piece))
            continue;
        cr_assert_eq(piece.style.fg, rows[i].last.fg, "row %zu: fg %d", i, piece.style.fg);
        cr_assert_eq(piece.style.bg, rows[i].last.bg, "row %zu: bg %d", i, piece.style.bg);
        cr_assert_eq(piece.style.attrs, rows[i].last.attrs, "row %zu", i);
    }
}

/* ---- filters --------------------------------------------------------------------------------- */

static const struct pm_proc cam = { .name = "cam-left", .group = "drivers", .host = "rig07",
                                    .state = PM_STATE_FAILED };

struct filter_row { const char *text; bool fits; };

Test(top_text, filters_are_words_that_must_all_fit)
{
    static const struct filter_row rows[] = {
        { "cam", true }, { "CAM", true }, { "drivers/cam", true }, { "left@rig", true },
        { "cam right", false }, { "!cam", false }, { "!lidar cam", true }, { "~^drivers/c", true },
        { "~^cam", false }, { "@rig*", true }, { "@rig08", false }, { "%fail", true },
        { "%run", false }, { "!%run @rig07 left", true }, { "!", false },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        char *why;
        struct filter *filter = filter_open(rows[i].text, &why);
        cr_assert_null(why);
        cr_assert_eq(filter_match(filter, &cam), rows[i].fits, "%s", rows[i].text);
        filter_close(&filter);
    }
    cr_assert(filter_match(NULL, &cam));
}

Test(top_text, an_expression_that_is_none_fits_nothing_and_says_why)
{
    char *why;
    struct filter *filter = filter_open("~[", &why);

    cr_assert_not_null(strstr(why, "~[ is no regular expression: "));
    cr_assert_not(filter_match(filter, &cam));
    filter_close(&filter);
    free(why);
}

/* ---- keys ------------------------------------------------------------------------------------ */

Test(top_text, no_key_means_two_things_in_one_place)
{
    struct keymap map;

    keymap_init(&map);
    for (enum action a = 1; a < ACTION_COUNT; a++)
        for (enum action b = a + 1; b < ACTION_COUNT; b++)
            for (size_t i = 0; i < KEYS_EACH; i++)
                for (size_t k = 0; k < KEYS_EACH && (actions[a].where & actions[b].where); k++)
                    cr_assert(map.keys[a][i] == KEY_NONE || map.keys[a][i] != map.keys[b][k],
                              "%s and %s", actions[a].word, actions[b].word);
}

Test(top_text, every_key_has_a_name_that_is_read_back)
{
    struct keymap map;
    char name[KEY_NAME_SIZE];

    keymap_init(&map);
    for (enum action a = 1; a < ACTION_COUNT; a++)
        for (size_t i = 0; i < KEYS_EACH; i++)
            if (map.keys[a][i] != KEY_NONE)
                cr_assert_eq(key_by_name(key_text(map.keys[a][i], name)), map.keys[a][i]);
    cr_assert_eq(key_by_name("é"), 0xe9);
    cr_assert_eq(key_by_name("F13"), KEY_NONE);
    cr_assert_eq(key_by_name("NoSuch"), KEY_NONE);
}

Test(top_text, printed_keys_are_a_file_of_keys)
{
    struct keymap map, again = { 0 };
    char *text;

    keymap_init(&map);
    text = keymap_print(&map);
    keymap_init(&again);
    cr_assert_null(keymap_read(&again, text));
    cr_assert_eq(memcmp(&map, &again, sizeof map), 0);
    free(text);
}

Test(top_text, a_key_bound_anew_is_taken_from_who_had_it)
{
    struct keymap map;

    keymap_init(&map);
    cr_assert_null(keymap_read(&map, "# mine\nstop: s Ctrl-X\n"));
    cr_assert_eq(keymap_find(&map, 's', IN_TABLE), ACTION_STOP);
    cr_assert_eq(keymap_find(&map, KEY_CTRL_A + 'X' - 'A', IN_TABLE), ACTION_STOP);
    cr_assert_eq(keymap_find(&map, 'x', IN_TABLE), ACTION_NONE);
}

struct wrong_row { const char *text, *why; };

Test(top_text, mistakes_in_a_file_of_keys_have_their_line)
{
    static const struct wrong_row rows[] = {
        { "stpo: s\n", "line 1: there is no action \"stpo\" (did you mean \"stop\"?)" },
        { "\nstop: Ctrl-1\n", "line 2: \"Ctrl-1\" is no key" },
        { "stop\n", "line 1: \"stop\" is no \"action: KEY KEY\"" },
        { "stop: a b c d e\n", "line 1: an action has at most 4 keys" },
    };

    for (size_t i = 0; i < PM_COUNT(rows); i++) {
        struct keymap map;
        char *why;
        keymap_init(&map);
        why = keymap_read(&map, rows[i].text);
        cr_assert_not_null(why);
        cr_assert_eq(strncmp(why, rows[i].why, strlen(rows[i].why)), 0, "%s", why);
        free(why);
    }
}

/* ---- typing ---------------------------------------------------------------------------------- */

static void when_typed(struct prompt *prompt, const char *text)
{
    for (; *text; text++)
        cr_assert_eq(prompt_key(prompt, (uint8_t)*text), PROMPT_TYPED);
}

Test(top_text, a_line_is_typed_and_taken_back)
{
    struct prompt prompt = { 0 };

    prompt_open(&prompt, PROMPT_FILTER, "");
    when_typed(&prompt, "one two");
    cr_assert_eq(prompt_key(&prompt, 0x65e5), PROMPT_TYPED); /* 日 */
    cr_assert_str_eq(prompt.text, "one two日");
    prompt_key(&prompt, KEY_ERASE);
    cr_assert_str_eq(prompt.text, "one two");
    prompt_key(&prompt, KEY_CTRL_A + 'W' - 'A');
    cr_assert_str_eq(prompt.text, "one ");
    prompt_key(&prompt, KEY_CTRL_A + 'U' - 'A');
    cr_assert_str_eq(prompt.text, "");
    cr_assert_eq(prompt_key(&prompt, KEY_ERASE), PROMPT_TYPED);
    cr_assert_eq(prompt_key(&prompt, KEY_RETURN), PROMPT_DONE);
}

Test(top_text, esc_brings_back_what_was_there)
{
    struct prompt prompt = { 0 };

    prompt_open(&prompt, PROMPT_FILTER, "before");
    when_typed(&prompt, "more");
    cr_assert_eq(prompt_key(&prompt, KEY_ESCAPE), PROMPT_CANCELLED);
    cr_assert_str_eq(prompt.text, "before");
}

Test(top_text, a_line_that_is_full_takes_no_more)
{
    struct prompt prompt = { 0 };

    prompt_open(&prompt, PROMPT_COMMAND, "");
    for (int i = 0; i < PROMPT_BYTES + 50; i++)
        (void)prompt_key(&prompt, 'x');
    cr_assert_eq(strlen(prompt.text), PROMPT_BYTES);
}
