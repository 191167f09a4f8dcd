/* The terminal: shows a canvas, gives keys and clicks. The only file that knows curses. */
#ifndef TOP_TERM_H
#define TOP_TERM_H

#include "canvas.h"

struct term_event {
    uint32_t key;     /* see keys.h; KEY_MOUSE_EVENT: a click, or the wheel */
    int row, col;
    bool twice;       /* a double click */
    long wheel;       /* lines; 0: a click */
};

/* NULL, or why there is no screen, heap. */
char *term_open(bool mouse) PM_MUST_USE;
void term_close(void);
void term_size(int *rows, int *cols);
bool term_is_ascii(void);     /* the locale or the user wants no other characters */
bool term_is_mono(void);      /* no colours: the terminal has none, or NO_COLOR */
void term_mouse(bool on);
void term_redraw(void);       /* the next show draws every cell */
void term_show(const struct canvas *canvas);
/* false: there is none now. */
bool term_next(struct term_event *out);
/* Leave the screen, run argv, come back. The program's exit status, or -1. */
int term_run(const char *const *argv);

#endif
