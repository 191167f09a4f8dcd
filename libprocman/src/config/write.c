/* Specs back to a file, YAML or JSON, that loads to exactly these specs.
 *
 * The table of keys says what there is to write and in which order; what equals the default is
 * left out. Maps inside a process and lists are written in one line, which is the same text in
 * both languages but for the quotes around keys and words; env in YAML gets a line a variable.
 */
#include <procman/config.h>

#include "core/codepoint.h"
#include "config/keys.h"
#include "core/sink.h"

#include <procman/spec.h>
#include <procman/text.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct writer {
    struct pm_sink out;
    bool json;
    bool first;           /* nothing of this process is written yet */
    const char *section;  /* the map that is open, "restart" of "restart.delay" … */
    int section_n;
};

/* ---- words ---- */

static void write_escaped(struct pm_sink *out, const char *at, size_t n, uint32_t code)
{
    static const char from[] = "\"\\\n\t\r", to[] = "\"\\ntr";
    const char *known = code < 0x80 && code != 0 ? strchr(from, (int)code) : NULL;

    if (known != NULL)
        pm_sink_print(out, "\\%c", to[known - from]);
    else if (pm_code_unprintable(code) || code == 0xfffe || code == 0xffff)
        pm_sink_print(out, "\\u%04" PRIx32, code);
    else
        pm_sink_add(out, at, n);
}

static void write_quoted(struct pm_sink *out, const char *text)
{
    size_t n = strlen(text), step;
    uint32_t code;

    pm_sink_str(out, "\"");
    for (size_t at = 0; at < n && (step = pm_code_next(text + at, n - at, &code)) > 0; at += step)
        write_escaped(out, text + at, step, code);
    pm_sink_str(out, "\"");
}

/* Would every YAML reader take it for this very text, with nothing around it? */
static bool is_plain(const char *text)
{
    static const char *const typed[] = { "null", "true", "false", "yes", "no", "on", "off",
                                         "y", "n" };
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/";
    size_t n = strlen(text);

    if (n == 0 || strchr(letters, text[0]) == NULL || text[n - 1] == ' ')
        return false;
    for (size_t i = 0; i < PM_COUNT(typed); i++)
        if (strcasecmp(text, typed[i]) == 0)
            return false;
    for (size_t i = 0; i < n; i++)
        if (strchr(letters, text[i]) == NULL && strchr("0123456789 .-+=%^", text[i]) == NULL)
            return false;
    return true;
}

static void write_word(struct writer *w, const char *text)
{
    if (!w->json && is_plain(text))
        pm_sink_str(&w->out, text);
    else
        write_quoted(&w->out, text);
}

/* ---- values ---- */

/* Exact for what pm_factor_fault and pm_share_fault let through: six decimals. */
static void write_decimal(struct writer *w, double number)
{
    uint64_t millionths = (uint64_t)(number * 1e6 + 0.5), rest = millionths % 1000000;
    int digits = 6;

    pm_sink_print(&w->out, "%" PRIu64, millionths / 1000000);
    if (rest == 0)
        return;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    pm_sink_print(&w->out, ".%0*" PRIu64, digits, rest);
}

static void write_exact(struct writer *w, const char *text)
{
    pm_sink_print(&w->out, w->json ? "\"%s\"" : "%s", text);
}

static void write_loss(struct writer *w, uint64_t ms)
{
    char text[PM_TEXT_SIZE];

    if (ms == 0) {
        write_word(w, "keep");
        return;
    }
    pm_sink_str(&w->out, w->json ? "{\"stop_after\": " : "{stop_after: ");
    write_exact(w, pm_text_duration(ms, text));
    pm_sink_str(&w->out, "}");
}

static void write_signal(struct writer *w, int64_t signal)
{
    const char *name = pm_signal_name(signal);

    if (strcmp(name, "SIG?") == 0)
        pm_sink_print(&w->out, "%" PRId64, signal);
    else
        write_word(w, name + strlen("SIG"));
}

static void write_words(struct writer *w, const struct pm_strs *words)
{
    for (size_t i = 0; i < words->n; i++) {
        pm_sink_str(&w->out, i == 0 ? "[" : ", ");
        if (strchr(words->at[i], ' ') != NULL)
            write_quoted(&w->out, words->at[i]); /* not wrong without, but hard to read */
        else
            write_word(w, words->at[i]);
    }
    pm_sink_str(&w->out, "]");
}

static void write_codes(struct writer *w, const struct pm_i64s *codes)
{
    for (size_t i = 0; i < codes->n; i++)
        pm_sink_print(&w->out, "%s%" PRId64, i == 0 ? "[" : ", ", codes->at[i]);
    pm_sink_str(&w->out, "]");
}

static void write_variables(struct writer *w, const struct pm_var_list *env)
{
    for (size_t i = 0; i < env->n; i++) {
        const char *before = w->json ? i == 0 ? "{" : ", " : "\n      ";
        pm_sink_str(&w->out, before);
        write_word(w, env->at[i].name);
        pm_sink_str(&w->out, ": ");
        write_word(w, env->at[i].value);
    }
    pm_sink_str(&w->out, w->json ? "}" : "");
}

static void write_value(struct writer *w, const struct pm_key *key, const void *member)
{
    char text[PM_TEXT_SIZE];

    switch (key->value) {
    case PM_VALUE_BOOL:
        pm_sink_str(&w->out, *(const bool *)member ? "true" : "false");
        break;
    case PM_VALUE_AUTO_RESTART:
        write_word(w, pm_word(&pm_auto_restart_words, *(const enum pm_auto_restart *)member));
        break;
    case PM_VALUE_DURATION:
        write_exact(w, pm_text_duration(*(const uint64_t *)member, text));
        break;
    case PM_VALUE_SIZE:
        write_exact(w, pm_text_size(*(const uint64_t *)member, text));
        break;
    case PM_VALUE_LOSS:
        write_loss(w, *(const uint64_t *)member);
        break;
    case PM_VALUE_FACTOR:
    case PM_VALUE_SHARE:
        write_decimal(w, *(const double *)member);
        break;
    case PM_VALUE_COUNT:
    case PM_VALUE_KEEP:
        pm_sink_print(&w->out, "%" PRIu64, *(const uint64_t *)member);
        break;
    case PM_VALUE_SIGNAL:
        write_signal(w, *(const int64_t *)member);
        break;
    case PM_VALUE_WORDS:
        write_words(w, member);
        break;
    case PM_VALUE_CODES:
        write_codes(w, member);
        break;
    case PM_VALUE_VARIABLES:
        write_variables(w, member);
        break;
    default:
        write_word(w, *(const char *const *)member);
    }
}

/* ---- a process ---- */

static void write_key(struct writer *w, const char *name, int n)
{
    pm_sink_print(&w->out, w->json ? "\"%.*s\":" : "%.*s:", n, name);
}

static void begin_line(struct writer *w)
{
    if (w->section != NULL)
        pm_sink_str(&w->out, "}");
    w->section = NULL;
    if (w->json)
        pm_sink_str(&w->out, w->first ? "\n    {" : ",\n     ");
    else
        pm_sink_str(&w->out, w->first ? "\n  - " : "\n    ");
    w->first = false;
}

static void write_member(struct writer *w, const struct pm_key *key, const void *member)
{
    const char *dot = strchr(key->name, '.');
    int n = dot != NULL ? (int)(dot - key->name) : 0;
    bool same = dot != NULL && w->section != NULL && w->section_n == n &&
                memcmp(w->section, key->name, (size_t)n) == 0;

    if (same)
        pm_sink_str(&w->out, ", ");
    else
        begin_line(w);
    if (dot != NULL && !same) {
        write_key(w, key->name, n);
        pm_sink_str(&w->out, " {");
        w->section = key->name;
        w->section_n = n;
    }
    const char *name = dot != NULL ? dot + 1 : key->name;
    write_key(w, name, (int)strlen(name));
    if (w->json || key->value != PM_VALUE_VARIABLES) /* whose lines follow below the key */
        pm_sink_str(&w->out, " ");
    write_value(w, key, member);
}

static void write_spec(struct writer *w, const struct pm_spec *spec, const struct pm_spec *plain)
{
    w->first = true;
    for (size_t i = 0; i < pm_keys_n; i++) {
        const struct pm_key *key = &pm_keys[i];
        if ((key->where & PM_IN_PROCESS) != 0 && !pm_key_same(key, spec, plain))
            write_member(w, key, (const char *)spec + key->offset);
    }
    if (w->section != NULL)
        pm_sink_str(&w->out, "}");
    w->section = NULL;
    pm_sink_str(&w->out, w->json ? "}" : "");
}

enum pm_err pm_config_write(const struct pm_spec *specs, size_t n, bool json, char **out)
{
    struct writer w = { .json = json };
    struct pm_spec plain;

    pm_spec_init(&plain);
    pm_sink_str(&w.out, json ? "{\"processes\": [" : "processes:");
    for (size_t i = 0; i < n; i++) {
        pm_sink_str(&w.out, json && i > 0 ? "," : "");
        write_spec(&w, &specs[i], &plain);
    }
    if (json)
        pm_sink_str(&w.out, "\n]}\n");
    else
        pm_sink_str(&w.out, n == 0 ? " []\n" : "\n");
    *out = w.out.at;
    return PM_OK;
}
