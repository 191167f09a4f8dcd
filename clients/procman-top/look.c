/* The themes. Colours below 16 are those the user gave his terminal; a state also has a symbol
 * everywhere, so a theme without colours says the same. */
#include "look.h"

#include <string.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY, BRIGHT_RED, BRIGHT_GREEN,
       BRIGHT_YELLOW, BRIGHT_BLUE, BRIGHT_MAGENTA, BRIGHT_CYAN, BRIGHT_WHITE };

#define OWN COLOUR_DEFAULT

const struct theme themes[] = {
    { "default", "for dark terminals", {
        [LOOK_PLAIN] = { OWN, OWN, 0 },
        [LOOK_FAINT] = { GREY, OWN, 0 },
        [LOOK_TITLE] = { CYAN, OWN, STYLE_BOLD },
        [LOOK_HEADER] = { BLACK, GREEN, 0 },
        [LOOK_GOOD] = { GREEN, OWN, 0 },
        [LOOK_CHANGING] = { YELLOW, OWN, 0 },
        [LOOK_BAD] = { RED, OWN, STYLE_BOLD },
        [LOOK_STALE] = { GREY, OWN, 0 },
        [LOOK_GROUP] = { OWN, OWN, STYLE_BOLD },
        [LOOK_CURSOR] = { BLACK, CYAN, 0 },
        [LOOK_TAGGED] = { YELLOW, OWN, STYLE_BOLD },
        [LOOK_KEY] = { OWN, OWN, STYLE_BOLD },
        [LOOK_LABEL] = { BLACK, CYAN, 0 },
        [LOOK_MATCH] = { BLACK, YELLOW, 0 },
        [LOOK_ASK] = { OWN, OWN, STYLE_BOLD },
    } },
    { "light", "for light terminals", {
        [LOOK_PLAIN] = { OWN, OWN, 0 },
        [LOOK_FAINT] = { GREY, OWN, 0 },
        [LOOK_TITLE] = { BLUE, OWN, STYLE_BOLD },
        [LOOK_HEADER] = { BRIGHT_WHITE, BLUE, 0 },
        [LOOK_GOOD] = { 28, OWN, 0 },
        [LOOK_CHANGING] = { 130, OWN, 0 },
        [LOOK_BAD] = { 124, OWN, STYLE_BOLD },
        [LOOK_STALE] = { 245, OWN, 0 },
        [LOOK_GROUP] = { OWN, OWN, STYLE_BOLD },
        [LOOK_CURSOR] = { BRIGHT_WHITE, 25, 0 },
        [LOOK_TAGGED] = { 90, OWN, STYLE_BOLD },
        [LOOK_KEY] = { OWN, OWN, STYLE_BOLD },
        [LOOK_LABEL] = { BRIGHT_WHITE, 25, 0 },
        [LOOK_MATCH] = { BLACK, 221, 0 },
        [LOOK_ASK] = { OWN, OWN, STYLE_BOLD },
    } },
    { "mono", "no colour at all", {
        [LOOK_PLAIN] = { OWN, OWN, 0 },
        [LOOK_FAINT] = { OWN, OWN, STYLE_FAINT },
        [LOOK_TITLE] = { OWN, OWN, STYLE_BOLD },
        [LOOK_HEADER] = { OWN, OWN, STYLE_REVERSE },
        [LOOK_GOOD] = { OWN, OWN, 0 },
        [LOOK_CHANGING] = { OWN, OWN, 0 },
        [LOOK_BAD] = { OWN, OWN, STYLE_BOLD },
        [LOOK_STALE] = { OWN, OWN, STYLE_FAINT },
        [LOOK_GROUP] = { OWN, OWN, STYLE_BOLD },
        [LOOK_CURSOR] = { OWN, OWN, STYLE_REVERSE },
        [LOOK_TAGGED] = { OWN, OWN, STYLE_BOLD },
        [LOOK_KEY] = { OWN, OWN, STYLE_BOLD },
        [LOOK_LABEL] = { OWN, OWN, STYLE_REVERSE },
        [LOOK_MATCH] = { OWN, OWN, STYLE_REVERSE },
        [LOOK_ASK] = { OWN, OWN, STYLE_BOLD },
    } },
    { "nord", "cool and low in contrast, 256 colours", {
        [LOOK_PLAIN] = { 253, OWN, 0 },
        [LOOK_FAINT] = { 60, OWN, 0 },
        [LOOK_TITLE] = { 110, OWN, STYLE_BOLD },
        [LOOK_HEADER] = { 236, 110, 0 },
        [LOOK_GOOD] = { 108, OWN, 0 },
        [LOOK_CHANGING] = { 222, OWN, 0 },
        [LOOK_BAD] = { 167, OWN, STYLE_BOLD },
        [LOOK_STALE] = { 60, OWN, 0 },
        [LOOK_GROUP] = { 111, OWN, STYLE_BOLD },
        [LOOK_CURSOR] = { 255, 60, 0 },
        [LOOK_TAGGED] = { 139, OWN, STYLE_BOLD },
        [LOOK_KEY] = { 253, OWN, STYLE_BOLD },
        [LOOK_LABEL] = { 236, 109, 0 },
        [LOOK_MATCH] = { 236, 222, 0 },
        [LOOK_ASK] = { 255, OWN, STYLE_BOLD },
    } },
    { "high-contrast", "pure colours, bold where it matters", {
        [LOOK_PLAIN] = { BRIGHT_WHITE, BLACK, 0 },
        [LOOK_FAINT] = { WHITE, BLACK, 0 },
        [LOOK_TITLE] = { BRIGHT_YELLOW, BLACK, STYLE_BOLD },
        [LOOK_HEADER] = { BLACK, BRIGHT_WHITE, STYLE_BOLD },
        [LOOK_GOOD] = { BRIGHT_GREEN, BLACK, STYLE_BOLD },
        [LOOK_CHANGING] = { BRIGHT_YELLOW, BLACK, STYLE_BOLD },
        [LOOK_BAD] = { BRIGHT_WHITE, RED, STYLE_BOLD },
        [LOOK_STALE] = { WHITE, BLACK, STYLE_ITALIC },
        [LOOK_GROUP] = { BRIGHT_WHITE, BLACK, STYLE_BOLD },
        [LOOK_CURSOR] = { BLACK, BRIGHT_YELLOW, STYLE_BOLD },
        [LOOK_TAGGED] = { BRIGHT_MAGENTA, BLACK, STYLE_BOLD },
        [LOOK_KEY] = { BRIGHT_WHITE, BLACK, STYLE_BOLD },
        [LOOK_LABEL] = { BLACK, BRIGHT_WHITE, 0 },
        [LOOK_MATCH] = { BLACK, BRIGHT_CYAN, STYLE_BOLD },
        [LOOK_ASK] = { BRIGHT_YELLOW, BLACK, STYLE_BOLD },
    } },
};

const size_t themes_n = PM_COUNT(themes);

const struct theme *theme_find(const char *name)
{
    for (size_t i = 0; i < PM_COUNT(themes); i++)
        if (strcmp(themes[i].name, name) == 0)
            return &themes[i];
    return NULL;
}
