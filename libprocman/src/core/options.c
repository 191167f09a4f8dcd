/* Command line options as a table. Not getopt_long(3), because that accepts any unambiguous
 * beginning of a long name, and what is unambiguous today is another option tomorrow.
 */
#include <procman/options.h>

#include <procman/suggest.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parse {
    const struct pm_program *program;
    char **at;             /* what is still to be read; ends with NULL */
    void *into;
    struct pm_args args;
    char *why;
};

/* Beside the program's own rows. */
static const struct pm_option common[] = {
    { "help", 'h', NULL, "show this and end", PM_INTO(struct pm_args, help) },
    { "version", 0, NULL, "show the version and end", PM_INTO(struct pm_args, version) },
    { 0 },
};

static void append(struct pm_strs *list, const char *word)
{
    list->at = pm_resize(list->at, list->n + 1, sizeof *list->at);
    list->at[list->n++] = word;
}

static const struct pm_option *by_name(const struct pm_option *rows, const char *name, size_t n)
{
    for (; rows->name; rows++)
        if (strlen(rows->name) == n && memcmp(rows->name, name, n) == 0)
            return rows;
    return NULL;
}

static const struct pm_option *by_letter(const struct pm_option *rows, char letter)
{
    for (; rows->name; rows++)
        if (rows->letter == letter)
            return rows;
    return NULL;
}

/* A row of the program, or one of ours, whose values go elsewhere. */
static void set(struct parse *parse, const struct pm_option *row, const char *value)
{
    bool is_common = row >= common && row < common + PM_COUNT(common);
    char *base = is_common ? (char *)&parse->args : parse->into;
    void *member = base + row->offset;

    if (!is_common)
        parse->args.given |= UINT64_C(1) << (row - parse->program->options);
    switch (row->kind) {
    case PM_OPTION_FLAG:
        *(bool *)member = true;
        break;
    case PM_OPTION_TEXT:
        *(const char **)member = value;
        break;
    case PM_OPTION_LIST:
        append(member, value);
        break;
    }
}

static void unknown_name(struct parse *parse, const char *word, size_t n)
{
    PM_CLEANUP(pm_free) char *name = pm_printf("%.*s", (int)n, word);
    struct pm_suggest suggest = { .wrong = name };

    for (const struct pm_option *row = parse->program->options; row->name; row++)
        pm_suggest_try(&suggest, row->name);
    for (const struct pm_option *row = common; row->name; row++)
        pm_suggest_try(&suggest, row->name);
    parse->why = suggest.best ? pm_printf("unknown option --%s; did you mean --%s?", name,
                                          suggest.best)
                              : pm_printf("unknown option --%s", name);
}

/* --name, --name=VALUE, --name VALUE */
static bool take_long(struct parse *parse, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    const struct pm_option *row = by_name(parse->program->options, word, n);

    if (!row)
        row = by_name(common, word, n);
    if (!row) {
        unknown_name(parse, word, n);
        return false;
    }
    if (row->kind == PM_OPTION_FLAG && equals) {
        parse->why = pm_printf("option --%s takes no argument", row->name);
        return false;
    }
    if (row->kind != PM_OPTION_FLAG && !equals && !*parse->at) {
        parse->why = pm_printf("option --%s needs an argument: %s", row->name, row->argument);
        return false;
    }
    set(parse, row, row->kind == PM_OPTION_FLAG ? NULL : equals ? equals + 1 : *parse->at++);
    return true;
}

/* -f, -fn5, -n 5 */
static bool take_letters(struct parse *parse, const char *letters)
{
    for (; *letters; letters++) {
        const struct pm_option *row = by_letter(parse->program->options, *letters);

        if (!row)
            row = by_letter(common, *letters);
        if (!row) {
            parse->why = pm_printf("unknown option -%c", *letters);
            return false;
        }
        if (row->kind == PM_OPTION_FLAG) {
            set(parse, row, NULL);
            continue;
        }
        if (!letters[1] && !*parse->at) {
            parse->why = pm_printf("option -%c needs an argument: %s", *letters, row->argument);
            return false;
        }
        set(parse, row, letters[1] ? letters + 1 : *parse->at++);
        return true;
    }
    return true;
}

/* One word of the command line. A single '-' is a word like others. */
static bool take(struct parse *parse, bool *ended)
{
    const char *word = *parse->at++;

    if (!*ended && strcmp(word, "--") == 0) {
        *ended = true;
        parse->args.before = parse->args.words.n;
        return true;
    }
    if (*ended || *word != '-' || !word[1]) {
        append(&parse->args.words, word);
        return true;
    }
    return word[1] == '-' ? take_long(parse, word + 2) : take_letters(parse, word + 1);
}

enum pm_err pm_options_parse(const struct pm_program *program, int argc, char **argv, void *into,
                             struct pm_args *out, char **why)
{
    struct parse parse = { .program = program, .at = argv + (argc > 0), .into = into };
    bool ended = false;

    while (*parse.at) {
        if (take(&parse, &ended))
            continue;
        free(parse.args.words.at);
        *why = parse.why;
        return PM_USAGE;
    }
    if (!ended)
        parse.args.before = parse.args.words.n;
    *out = parse.args;
    return PM_OK;
}

/* ---- --help ---- */

#define LEFT_COLUMN 28 /* columns for the option before its help text */

static char *row_text(const struct pm_option *row)
{
    const char *space = row->argument ? " " : "", *argument = row->argument ? row->argument : "";
    PM_CLEANUP(pm_free) char *letter = row->letter ? pm_printf("-%c, ", row->letter)
                                                   : pm_strdup("    ");
    PM_CLEANUP(pm_free) char *left = pm_printf("  %s--%s%s%s", letter, row->name, space, argument);

    if (strlen(left) >= LEFT_COLUMN)
        return pm_printf("%s\n%*s%s\n", left, LEFT_COLUMN, "", row->help);
    return pm_printf("%-*s%s\n", LEFT_COLUMN, left, row->help);
}

static void extend(char **text, const char *more)
{
    char *longer = pm_printf("%s%s", *text, more);

    free(*text);
    *text = longer;
}

char *pm_options_rows(const struct pm_option *options, uint64_t only)
{
    char *text = pm_strdup("");

    for (size_t i = 0; options[i].name; i++) {
        pm_assert(i < PM_OPTIONS_MOST);
        if (!(only >> i & 1))
            continue;
        PM_CLEANUP(pm_free) char *row = row_text(&options[i]);
        extend(&text, row);
    }
    return text;
}

char *pm_options_help(const struct pm_program *program)
{
    PM_CLEANUP(pm_free) char *own = pm_options_rows(program->options, UINT64_MAX);
    PM_CLEANUP(pm_free) char *ours = pm_options_rows(common, UINT64_MAX);

    return pm_printf("Usage: %s %s\n%s\n\nOptions:\n%s%s", program->name, program->synopsis,
                     program->about, own, ours);
}
