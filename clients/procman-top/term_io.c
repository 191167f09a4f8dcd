/* curses keeps one screen for the whole program, and so does this file. */
#include "term.h"

#include "keys.h"

#include <langinfo.h>
#include <locale.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curses.h>

#define ESCAPE_MS    25  /* a lone Esc is known so soon; sequences come at once, over ssh too */
#define WHEEL_LINES  3
#define RUN_BYTES    4096 /* of cells in one style, shown together */

extern char **environ;

static bool wants_ascii(void)
{
    const char *given = getenv("PROCMAN_ASCII");

    return (given != NULL && *given != '\0') || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

bool term_is_ascii(void)
{
    return wants_ascii();
}

bool term_is_mono(void)
{
    const char *no_color = getenv("NO_COLOR");

    return (no_color != NULL && *no_color != '\0') || !has_colors();
}

static void set_up(void)
{
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    if (!term_is_mono()) {
        start_color();
        use_default_colors();
    }
}

char *term_open(bool mouse)
{
    const char *name = getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return pm_strdup("procman-top needs a terminal; \"procmanctl status\" does without");
    set_escdelay(ESCAPE_MS);
    if (newterm(NULL, stdout, stdin) == NULL)
        return pm_printf("the terminal \"%s\" is not known here: set TERM, or install its terminfo",
                         name ? name : "");
    set_up();
    term_mouse(mouse);
    return NULL;
}

void term_close(void)
{
    endwin();
}

void term_size(int *rows, int *cols)
{
    getmaxyx(stdscr, *rows, *cols);
}

void term_mouse(bool on)
{
    mmask_t wanted = BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED
                     | BUTTON5_PRESSED;

    mouseinterval(0); /* a click is a press: nothing waits for what may come after it */
    mousemask(on ? wanted : 0, NULL);
}

void term_redraw(void)
{
    clearok(stdscr, TRUE);
}

/* ---- showing --------------------------------------------------------------------------------- */

/* One of 256 in what the terminal has: 8 colours take the nearest by hue. */
static short colour_here(int colour)
{
    static const uint8_t steps[] = { 0, 95, 135, 175, 215, 255 };
    int r, g, b;

    if (colour < 0 || colour < COLORS)
        return (short)colour;
    if (colour < 16)
        return (short)(colour % 8);
    if (colour >= 232)
        return colour >= 244 ? COLOR_WHITE : COLOR_BLACK;
    colour -= 16;
    r = steps[colour / 36] >= 135;
    g = steps[colour / 6 % 6] >= 135;
    b = steps[colour % 6] >= 135;
    return (short)(r * COLOR_RED | g * COLOR_GREEN | b * COLOR_BLUE);
}

static void use_style(struct style style)
{
    attr_t attrs = A_NORMAL;
    int pair = 0;

    attrs |= style.attrs & STYLE_BOLD ? A_BOLD : 0;
    attrs |= style.attrs & STYLE_FAINT ? A_DIM : 0;
    attrs |= style.attrs & STYLE_ITALIC ? A_ITALIC : 0;
    attrs |= style.attrs & STYLE_UNDERLINE ? A_UNDERLINE : 0;
    attrs |= style.attrs & STYLE_REVERSE ? A_REVERSE : 0;
    if (!term_is_mono() && (style.fg >= 0 || style.bg >= 0))
        pair = alloc_pair(colour_here(style.fg), colour_here(style.bg));
    (void)attr_set(attrs, (short)0, pair > 0 ? &pair : NULL);
}

static bool same_style(struct style a, struct style b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

static void show_row(const struct canvas *canvas, int row)
{
    const struct cell *cells = &canvas->cells[(size_t)row * (size_t)canvas->cols];
    char run[RUN_BYTES + CELL_BYTES + 1];

    move(row, 0);
    for (int col = 0; col < canvas->cols;) {
        size_t n = 0;
        int first = col;
        while (col < canvas->cols && n < RUN_BYTES
               && same_style(cells[col].style, cells[first].style))
            n = (size_t)(stpcpy(run + n, cells[col++].text) - run);
        use_style(cells[first].style);
        (void)addnstr(run, (int)n);
    }
}

void term_show(const struct canvas *canvas)
{
    for (int row = 0; row < canvas->rows; row++)
        show_row(canvas, row);
    refresh();
}

/* ---- hearing --------------------------------------------------------------------------------- */

static uint32_t named_key(wint_t code)
{
    switch (code) {
    case KEY_UP:        return KEY_ARROW_UP;
    case KEY_DOWN:      return KEY_ARROW_DOWN;
    case KEY_LEFT:      return KEY_ARROW_LEFT;
    case KEY_RIGHT:     return KEY_ARROW_RIGHT;
    case KEY_PPAGE:     return KEY_PAGE_UP;
    case KEY_NPAGE:     return KEY_PAGE_DOWN;
    case KEY_HOME:      return KEY_TO_HOME;
    case KEY_END:       return KEY_TO_END;
    case KEY_DC:        return KEY_DEL;
    case KEY_BACKSPACE: return KEY_ERASE;
    case KEY_BTAB:      return KEY_BACK_TAB;
    case KEY_ENTER:     return KEY_RETURN;
    case KEY_MOUSE:     return KEY_MOUSE_EVENT;
    case KEY_RESIZE:    return KEY_RESIZED;
    default:
        return code >= KEY_F(1) && code <= KEY_F(12) ? KEY_F1 + (uint32_t)(code - KEY_F(1))
                                                     : KEY_NONE;
    }
}

static void read_mouse(struct term_event *out)
{
    MEVENT event;

    if (getmouse(&event) != OK) {
        out->key = KEY_NONE;
        return;
    }
    out->row = event.y;
    out->col = event.x;
    out->twice = event.bstate & BUTTON1_DOUBLE_CLICKED;
    if (event.bstate & BUTTON4_PRESSED)
        out->wheel = -WHEEL_LINES;
    if (event.bstate & BUTTON5_PRESSED)
        out->wheel = WHEEL_LINES;
}

bool term_next(struct term_event *out)
{
    wint_t code;
    int kind = get_wch(&code);

    if (kind == ERR)
        return false;
    *out = (struct term_event){ .key = kind == KEY_CODE_YES ? named_key(code) : (uint32_t)code };
    if (kind != KEY_CODE_YES && code == '\n')
        out->key = KEY_RETURN;
    if (kind != KEY_CODE_YES && code == 127)
        out->key = KEY_ERASE;
    if (out->key == KEY_MOUSE_EVENT)
        read_mouse(out);
    return true;
}

int term_run(const char *const *argv)
{
    int status = -1;
    pid_t pid;

    def_prog_mode();
    endwin();
    if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ) == 0)
        while (waitpid(pid, &status, 0) < 0)
            status = -1;
    reset_prog_mode();
    term_redraw();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
