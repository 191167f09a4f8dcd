/* Single values as a file has them, so that reading them gives the very same member again.
 */
#include "config/writer.h"
#include "core/codepoint.h"

#include <procman/limits.h>
#include <procman/text.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

void pm_write_word(struct pm_writer *w, const char *text)
{
    if (!w->json && is_plain(text))
        pm_sink_str(&w->out, text);
    else
        write_quoted(&w->out, text);
}

/* ---- values ---- */

/* Exact for what pm_factor_fault and pm_share_fault let through: six decimals. */
static void write_decimal(struct pm_writer *w, double number)
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

static void write_exact(struct pm_writer *w, const char *text)
{
    pm_sink_print(&w->out, w->json ? "\"%s\"" : "%s", text);
}

static void write_loss(struct pm_writer *w, uint64_t ms)
{
    char text[PM_TEXT_SIZE];

    if (ms == 0) {
        pm_write_word(w, "keep");
        return;
    }
    pm_sink_str(&w->out, w->json ? "{\"stop_after\": " : "{stop_after: ");
    write_exact(w, pm_text_duration(ms, text));
    pm_sink_str(&w->out, "}");
}

static void write_signal(struct pm_writer *w, int64_t signal)
{
    const char *name = pm_signal_name(signal);

    if (strcmp(name, "SIG?") == 0)
        pm_sink_print(&w->out, "%" PRId64, signal);
    else
        pm_write_word(w, name + strlen("SIG"));
}

static void write_words(struct pm_writer *w, const struct pm_strs *words)
{
    for (size_t i = 0; i < words->n; i++) {
        pm_sink_str(&w->out, i == 0 ? "[" : ", ");
        if (strchr(words->at[i], ' ') != NULL)
            write_quoted(&w->out, words->at[i]); /* not wrong without, but hard to read */
        else
            pm_write_word(w, words->at[i]);
    }
    pm_sink_str(&w->out, "]");
}

static void write_codes(struct pm_writer *w, const struct pm_i64s *codes)
{
    for (size_t i = 0; i < codes->n; i++)
        pm_sink_print(&w->out, "%s%" PRId64, i == 0 ? "[" : ", ", codes->at[i]);
    pm_sink_str(&w->out, "]");
}

/* In YAML a line for each, below the key. */
static void write_variables(struct pm_writer *w, const struct pm_var_list *env)
{
    for (size_t i = 0; i < env->n; i++) {
        const char *before = w->json ? i == 0 ? "{" : ", " : "\n      ";
        pm_sink_str(&w->out, before);
        pm_write_word(w, env->at[i].name);
        pm_sink_str(&w->out, ": ");
        pm_write_word(w, env->at[i].value);
    }
    pm_sink_str(&w->out, w->json ? "}" : "");
}

static void write_labels(struct pm_writer *w, const struct pm_var_list *labels)
{
    for (size_t i = 0; i < labels->n; i++) {
        pm_sink_str(&w->out, i == 0 ? "{" : ", ");
        pm_write_word(w, labels->at[i].name);
        pm_sink_str(&w->out, ": ");
        pm_write_word(w, labels->at[i].value);
    }
    pm_sink_str(&w->out, "}");
}

static void write_bound(struct pm_writer *w, uint64_t bound)
{
    if (bound == PM_UNLIMITED)
        pm_write_word(w, "unlimited");
    else
        pm_sink_print(&w->out, "%" PRIu64, bound);
}

static void write_limits(struct pm_writer *w, const struct pm_limit_list *limits)
{
    for (size_t i = 0; i < limits->n; i++) {
        const struct pm_limit *limit = &limits->at[i];
        pm_sink_str(&w->out, i == 0 ? "{" : ", ");
        pm_write_word(w, limit->name);
        pm_sink_str(&w->out, limit->soft == limit->hard ? ": " : w->json ? ": {\"soft\": "
                                                                         : ": {soft: ");
        write_bound(w, limit->soft);
        if (limit->soft == limit->hard)
            continue;
        pm_sink_str(&w->out, w->json ? ", \"hard\": " : ", hard: ");
        write_bound(w, limit->hard);
        pm_sink_str(&w->out, "}");
    }
    pm_sink_str(&w->out, "}");
}

static void write_mask(struct pm_writer *w, uint64_t mask)
{
    pm_sink_print(&w->out, "\"%03" PRIo64 "\"", mask & 0777);
}

/* ---- dependencies ---- */

static void write_reference(struct pm_writer *w, const struct pm_dependency *other,
                            const struct pm_spec *own)
{
    bool grouped = strcmp(other->group, own->group) != 0;
    bool placed = strcmp(other->host, own->host) != 0;
    char *text = pm_printf("%s%s%s%s%s", grouped ? other->group : "", grouped ? "/" : "",
                           other->process, placed ? "@" : "",
                           !placed ? "" : *other->host != '\0' ? other->host : "localhost");

    pm_write_word(w, text);
    free(text);
}

static void write_dependency(struct pm_writer *w, const struct pm_dependency *other,
                             const struct pm_spec *own)
{
    static const struct pm_dependency plain = { .process = NULL };
    bool more = other->when != plain.when || other->on_failure != plain.on_failure ||
                other->restart_with || other->stop_with;
    const char *quote = w->json ? "\"" : "";

    if (more)
        pm_sink_print(&w->out, "{%sprocess%s: ", quote, quote);
    write_reference(w, other, own);
    if (other->when != plain.when) {
        pm_sink_print(&w->out, ", %swhen%s: ", quote, quote);
        pm_write_word(w, pm_word(&pm_dependency_when_words, (int)other->when));
    }
    if (other->on_failure != plain.on_failure) {
        pm_sink_print(&w->out, ", %son_failure%s: ", quote, quote);
        pm_write_word(w, pm_word(&pm_dependency_failure_words, (int)other->on_failure));
    }
    if (other->restart_with)
        pm_sink_print(&w->out, ", %srestart_with%s: true", quote, quote);
    if (other->stop_with)
        pm_sink_print(&w->out, ", %sstop_with%s: true", quote, quote);
    pm_sink_str(&w->out, more ? "}" : "");
}

static void write_dependencies(struct pm_writer *w, const struct pm_spec *spec)
{
    pm_sink_str(&w->out, "[");
    for (size_t i = 0; i < spec->depends_on.n; i++) {
        pm_sink_str(&w->out, i == 0 ? "" : ", ");
        write_dependency(w, &spec->depends_on.at[i], spec);
    }
    pm_sink_str(&w->out, "]");
}

/* ---- any value ---- */

/* What is looked at, of the probe that the key is about. */
static void write_target(struct pm_writer *w, const struct pm_probe *probe)
{
    char text[PM_TEXT_SIZE], *target;

    switch (probe->kind) {
    case PM_PROBE_KIND_TCP:
        if (*probe->text == '\0') {
            pm_sink_print(&w->out, "%" PRIu64, probe->port);
            break;
        }
        target = pm_printf(strchr(probe->text, ':') != NULL ? "[%s]:%" PRIu64 : "%s:%" PRIu64,
                           probe->text, probe->port);
        pm_write_word(w, target);
        free(target);
        break;
    case PM_PROBE_KIND_NOTIFY:
        pm_sink_str(&w->out, "true");
        break;
    case PM_PROBE_KIND_AFTER:
        write_exact(w, pm_text_duration(probe->delay_ms, text));
        break;
    default:
        pm_write_word(w, probe->text);
    }
}

static void write_number(struct pm_writer *w, const struct pm_key *key, uint64_t number)
{
    char text[PM_TEXT_SIZE];

    switch (key->value) {
    case PM_VALUE_DURATION:
    case PM_VALUE_PATIENCE:
    case PM_VALUE_SPAN:
        write_exact(w, pm_text_duration(number, text));
        break;
    case PM_VALUE_SIZE:
    case PM_VALUE_MEMORY:
        write_exact(w, pm_text_size(number, text));
        break;
    case PM_VALUE_PERCENT:
        pm_sink_print(&w->out, w->json ? "\"%" PRIu64 "%%\"" : "%" PRIu64 "%%", number);
        break;
    case PM_VALUE_MASK:
        write_mask(w, number);
        break;
    case PM_VALUE_LOSS:
        write_loss(w, number);
        break;
    default:
        pm_sink_print(&w->out, "%" PRIu64, number);
    }
}

static void write_list(struct pm_writer *w, const struct pm_key *key, const void *member)
{
    switch (key->value) {
    case PM_VALUE_WORDS:     write_words(w, member); break;
    case PM_VALUE_CODES:     write_codes(w, member); break;
    case PM_VALUE_VARIABLES: write_variables(w, member); break;
    case PM_VALUE_LABELS:    write_labels(w, member); break;
    default:                 write_limits(w, member); break;
    }
}

/* What the values of a key are in a spec. */
enum shape { TEXT, NUMBER, WORD, LIST };

static enum shape shape_of(const struct pm_key *key)
{
    switch (key->value) {
    case PM_VALUE_DURATION: case PM_VALUE_PATIENCE: case PM_VALUE_SPAN: case PM_VALUE_SIZE:
    case PM_VALUE_MEMORY: case PM_VALUE_PERCENT: case PM_VALUE_MASK: case PM_VALUE_LOSS:
    case PM_VALUE_COUNT: case PM_VALUE_KEEP: case PM_VALUE_PIDS: case PM_VALUE_INSTANCES:
    case PM_VALUE_FAILURES:
        return NUMBER;
    case PM_VALUE_AUTO_RESTART: case PM_VALUE_OVERLAP:
        return WORD;
    case PM_VALUE_WORDS: case PM_VALUE_CODES: case PM_VALUE_VARIABLES: case PM_VALUE_LABELS:
    case PM_VALUE_LIMITS:
        return LIST;
    default:
        return TEXT;
    }
}

static void write_by_shape(struct pm_writer *w, const struct pm_key *key, const void *member)
{
    const struct pm_words *words = key->value == PM_VALUE_OVERLAP ? &pm_overlap_words
                                                                  : &pm_auto_restart_words;

    switch (shape_of(key)) {
    case NUMBER: write_number(w, key, *(const uint64_t *)member); break;
    case WORD:   pm_write_word(w, pm_word(words, *(const int *)member)); break;
    case LIST:   write_list(w, key, member); break;
    case TEXT:   pm_write_word(w, *(const char *const *)member); break;
    }
}

void pm_write_value(struct pm_writer *w, const struct pm_key *key, const struct pm_spec *spec)
{
    const void *member = (const char *)spec + key->offset;

    if (pm_key_probe(key) != PM_PROBE_KIND_NONE)
        write_target(w, member);
    else if (key->value == PM_VALUE_DEPENDENCIES)
        write_dependencies(w, spec);
    else if (key->value == PM_VALUE_BOOL)
        pm_sink_str(&w->out, *(const bool *)member ? "true" : "false");
    else if (key->value == PM_VALUE_FACTOR || key->value == PM_VALUE_SHARE)
        write_decimal(w, *(const double *)member);
    else if (key->value == PM_VALUE_SIGNAL)
        write_signal(w, *(const int64_t *)member);
    else if (key->value == PM_VALUE_NICE)
        pm_sink_print(&w->out, "%" PRId64, *(const int64_t *)member);
    else
        write_by_shape(w, key, member);
}
