#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST 64 /* bytes: most texts are lines */

void text_add(struct text *text, const char *bytes, size_t n)
{
    if (text->n + n + 1 > text->cap) {
        text->cap = text->cap > 0 ? text->cap : FIRST;
        while (text->cap < text->n + n + 1)
            text->cap *= 2;
        text->at = pm_resize(text->at, text->cap, 1);
    }
    memcpy(text->at + text->n, bytes, n);
    text->n += n;
    text->at[text->n] = '\0';
}

void text_str(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_char(struct text *text, char letter)
{
    text_add(text, &letter, 1);
}

void text_print(struct text *text, const char *format, ...)
{
    char *string = NULL;
    va_list arguments;

    va_start(arguments, format);
    int n = vasprintf(&string, format, arguments);
    va_end(arguments);
    pm_assert(n >= 0);
    text_add(text, string, (size_t)n);
    free(string);
}

void text_quoted(struct text *text, const char *word)
{
    text_char(text, '"');
    for (; *word != '\0'; word++) {
        unsigned char letter = (unsigned char)*word;
        if (letter == '"' || letter == '\\')
            text_char(text, '\\');
        if (letter == '\n')
            text_str(text, "\\n");
        else if (letter < ' ' || letter == 0x7f)
            text_print(text, "\\u%04x", letter);
        else
            text_char(text, *word);
    }
    text_char(text, '"');
}

const char *text_get(const struct text *text)
{
    return text->at != NULL ? text->at : "";
}
