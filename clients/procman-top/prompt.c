#include "prompt.h"

#include "keys.h"

#include <stdio.h>
#include <string.h>

#define CTRL(letter) (KEY_CTRL_A + (letter) - 'A')

void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text)
{
    prompt->kind = kind;
    snprintf(prompt->text, sizeof prompt->text, "%s", text);
    snprintf(prompt->before, sizeof prompt->before, "%s", text);
}

const char *prompt_label(enum prompt_kind kind)
{
    static const char *const labels[] = {
        [PROMPT_NONE] = "", [PROMPT_FILTER] = "Filter: ", [PROMPT_SEARCH] = "Search: ",
        [PROMPT_LINES] = "Lines with: ", [PROMPT_COMMAND] = ":", [PROMPT_SAVE] = "Save to: ",
        [PROMPT_APPLY] = "Apply file: ", [PROMPT_MOVE] = "Move to host: ",
        [PROMPT_RUN] = "Run script: ",
    };

    return labels[kind];
}

static void type(struct prompt *prompt, uint32_t code)
{
    char bytes[KEY_NAME_SIZE];
    size_t n = strlen(prompt->text);
    const char *more = code == KEY_SPACE ? " " : key_text(code, bytes);

    if (n + strlen(more) <= PROMPT_BYTES)
        strcpy(prompt->text + n, more);
}

/* The last character, all bytes of it. */
static void take_back(struct prompt *prompt)
{
    size_t n = strlen(prompt->text);

    while (n > 0 && ((uint8_t)prompt->text[n - 1] & 0xc0) == 0x80)
        n--;
    prompt->text[n > 0 ? n - 1 : 0] = '\0';
}

static void take_word(struct prompt *prompt)
{
    size_t n = strlen(prompt->text);

    while (n > 0 && prompt->text[n - 1] == ' ')
        n--;
    while (n > 0 && prompt->text[n - 1] != ' ')
        n--;
    prompt->text[n] = '\0';
}

enum prompt_did prompt_key(struct prompt *prompt, uint32_t key)
{
    switch (key) {
    case KEY_RETURN:
        return PROMPT_DONE;
    case KEY_ESCAPE:
        strcpy(prompt->text, prompt->before);
        return PROMPT_CANCELLED;
    case KEY_ERASE:
    case CTRL('H'):
        take_back(prompt);
        return PROMPT_TYPED;
    case CTRL('U'):
        *prompt->text = '\0';
        return PROMPT_TYPED;
    case CTRL('W'):
        take_word(prompt);
        return PROMPT_TYPED;
    default:
        if (key < KEY_SPACE || key >= KEY_FIRST_NAMED)
            return PROMPT_NOTHING;
        type(prompt, key);
        return PROMPT_TYPED;
    }
}
