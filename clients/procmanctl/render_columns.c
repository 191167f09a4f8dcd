/* Tables for people: columns as wide as their widest cell, cut only at a terminal's edge.
 *
 * This is ours because libsmartcols, at 1,000 rows of nine columns, takes 5 ms of the 12 a whole
 * `status` may take (it walks every cell with mbrtowc, several times), and in the C locale never
 * ends over a character that is not ASCII. Nearly all cells are ASCII, whose width is their length.
 */
#include "table.h"

#include <limits.h>
#include <locale.h>
#include <procman/text.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define GAP        1
#define LEAST_CUT  8     /* columns left to the cell that gives way */
#define ELLIPSIS   "\xe2\x80\xa6" /* one column wide */

struct shown {           /* a cell, safe for a terminal */
    char *text;
    size_t width;        /* columns on the screen */
};

/* Texts are UTF-8 whatever the user's locale is; so are their widths. */
static void know_widths(void)
{
    static bool known;

    if (!known)
        setlocale(LC_CTYPE, "C.UTF-8");
    known = true;
}

static size_t width_of_char(const char *text, mbstate_t *state, size_t *out_bytes)
{
    wchar_t wide;
    size_t n = mbrtowc(&wide, text, MB_LEN_MAX, state);
    int width;

    *out_bytes = n == 0 || n > MB_LEN_MAX ? 1 : n;
    if (n > MB_LEN_MAX)
        *state = (mbstate_t){ 0 };
    width = n > MB_LEN_MAX ? 1 : wcwidth(wide);
    return width < 0 ? 1 : (size_t)width;
}

/* Bytes of the text that fit into `most` columns, and how many columns they take. */
static size_t fit(const char *text, size_t most, size_t *out_width)
{
    mbstate_t state = { 0 };
    size_t at = 0, width = 0;

    know_widths();
    while (text[at]) {
        size_t bytes, more = width_of_char(text + at, &state, &bytes);

        if (width + more > most)
            break;
        width += more;
        at += bytes;
    }
    *out_width = width;
    return at;
}

static bool is_ascii(const char *text, size_t *out_length)
{
    unsigned char seen = 0;
    size_t n = 0;

    for (; text[n]; ++n)
        seen |= (unsigned char)text[n];
    *out_length = n;
    return seen < 0x80;
}

static struct shown show(const char *text)
{
    struct shown shown;
    size_t size = 4 * strlen(text) + 1, length;

    shown.text = pm_alloc(size + strlen(ELLIPSIS));
    pm_text_safe(text, shown.text, size);
    if (is_ascii(shown.text, &length))
        shown.width = length;
    else
        fit(shown.text, SIZE_MAX, &shown.width);
    return shown;
}

static void cut(struct shown *shown, size_t most)
{
    if (shown->width <= most)
        return;
    strcpy(shown->text + fit(shown->text, most - 1, &shown->width), ELLIPSIS);
    shown->width++;
}

/* ---- widths ---- */

static size_t terminal_width(void)
{
    struct winsize size;

    if (!out_is_terminal() || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

/* The column that gives way becomes so narrow that a line fits, but not nothing. */
static void narrow(const struct table *table, size_t *widths)
{
    size_t screen = terminal_width(), sum = 0;

    for (size_t i = 0; i < table->n_columns; ++i)
        sum += widths[i] + GAP;
    for (size_t i = 0; i < table->n_columns && screen > 0; ++i) {
        size_t others = sum - GAP - widths[i];
        size_t left = screen > others + LEAST_CUT ? screen - others : LEAST_CUT;

        if (table->columns[i].cut && left < widths[i])
            widths[i] = left;
    }
}

static void measure(const struct table *table, const struct shown *cells, size_t *widths)
{
    for (size_t i = 0; i < table->n_columns; ++i)
        widths[i] = strlen(table->columns[i].title);
    for (size_t i = 0; i < table->n_cells; ++i)
        if (cells[i].width > widths[i % table->n_columns])
            widths[i % table->n_columns] = cells[i].width;
    narrow(table, widths);
}

/* ---- lines ---- */

static void pad(size_t n)
{
    static const char blanks[] = "                                ";

    for (; n >= sizeof(blanks); n -= sizeof(blanks) - 1)
        out_bytes(blanks, sizeof(blanks) - 1);
    out_bytes(blanks, n);
}

/* Blanks wait until something follows them, so that no line ends with one. */
struct line { const struct table *table; const size_t *widths; size_t column, blanks; };

static void put(struct line *line, const char *text, size_t width, enum shade shade)
{
    size_t room = line->widths[line->column];
    size_t blanks = room > width ? room - width : 0;
    bool right = line->table->columns[line->column].right;
    const char *begin = shade_begin(shade);

    if (*text) {
        pad(line->blanks + (right ? blanks : 0));
        line->blanks = 0;
        out_text(begin);
        out_text(text);
        out_text(*begin ? shade_end() : "");
    }
    line->blanks += GAP + (right && *text ? 0 : blanks);
    line->column++;
    if (line->column == line->table->n_columns) {
        out_bytes("\n", 1);
        line->column = line->blanks = 0;
    }
}

static void print_cells(const struct table *table, struct shown *cells, const size_t *widths)
{
    struct line line = { .table = table, .widths = widths };

    for (size_t i = 0; i < table->n_columns; ++i)
        put(&line, table->columns[i].title, strlen(table->columns[i].title), SHADE_NONE);
    for (size_t i = 0; i < table->n_cells; ++i) {
        if (table->columns[line.column].cut)
            cut(&cells[i], widths[line.column]);
        put(&line, cells[i].text, cells[i].width, table->cells[i].shade);
    }
}

void render_columns(const struct table *table)
{
    struct shown *cells = pm_resize(NULL, table->n_cells + 1, sizeof(*cells));
    size_t *widths = pm_resize(NULL, table->n_columns, sizeof(*widths));

    for (size_t i = 0; i < table->n_cells; ++i)
        cells[i] = show(table->cells[i].text);
    measure(table, cells, widths);
    print_cells(table, cells, widths);
    for (size_t i = 0; i < table->n_cells; ++i)
        free(cells[i].text);
    free(cells);
    free(widths);
}
