/* Specs back to a file, YAML or JSON, that loads to exactly these specs.
 *
 * The table of keys says what there is to write and in which order; what equals the default is
 * left out. Maps inside a process and lists are written in one line, which is the same text in
 * both languages but for the quotes around keys and words; env in YAML gets a line a variable.
 */
#include "config/probes.h"
#include "config/writer.h"

#include <procman/config.h>
#include <procman/spec.h>

#include <stdlib.h>
#include <string.h>

struct layout {
    struct pm_writer to;
    bool first;           /* nothing of this process is written yet */
    const char *section;  /* the map that is open, "restart" of "restart.delay" … */
    int section_n;
};

static void write_key(struct layout *w, const char *name, int n)
{
    pm_sink_print(&w->to.out, w->to.json ? "\"%.*s\":" : "%.*s:", n, name);
}

static void begin_line(struct layout *w)
{
    if (w->section != NULL)
        pm_sink_str(&w->to.out, "}");
    w->section = NULL;
    if (w->to.json)
        pm_sink_str(&w->to.out, w->first ? "\n    {" : ",\n     ");
    else
        pm_sink_str(&w->to.out, w->first ? "\n  - " : "\n    ");
    w->first = false;
}

static void write_member(struct layout *w, const struct pm_key *key,
                         const struct pm_spec *spec)
{
    const char *dot = strchr(key->name, '.');
    int n = dot != NULL ? (int)(dot - key->name) : 0;
    bool same = dot != NULL && w->section != NULL && w->section_n == n &&
                memcmp(w->section, key->name, (size_t)n) == 0;

    if (same)
        pm_sink_str(&w->to.out, ", ");
    else
        begin_line(w);
    if (dot != NULL && !same) {
        write_key(w, key->name, n);
        pm_sink_str(&w->to.out, " {");
        w->section = key->name;
        w->section_n = n;
    }
    const char *name = dot != NULL ? dot + 1 : key->name;
    write_key(w, name, (int)strlen(name));
    if (w->to.json || key->value != PM_VALUE_VARIABLES) /* whose lines follow below the key */
        pm_sink_str(&w->to.out, " ");
    pm_write_value(&w->to, key, spec);
}

/* What everybody has, and the defaults of the probes it has. */
static struct pm_spec plain_like(const struct pm_spec *spec)
{
    struct pm_spec plain;

    pm_spec_init(&plain);
    plain.ready.kind = spec->ready.kind;
    plain.health.kind = spec->health.kind;
    pm_probes_settle(&plain);
    return plain;
}

/* Is there something to say? */
static bool is_said(const struct pm_key *key, const struct pm_spec *spec,
                    const struct pm_spec *plain)
{
    enum pm_probe_kind kind = pm_key_probe(key);
    const struct pm_probe *probe = (const void *)((const char *)spec + key->offset);

    if ((key->where & PM_IN_PROCESS) == 0)
        return false;
    return kind != PM_PROBE_KIND_NONE ? probe->kind == kind : !pm_key_same(key, spec, plain);
}

static void write_spec(struct layout *w, const struct pm_spec *spec)
{
    const struct pm_spec plain = plain_like(spec);

    w->first = true;
    for (size_t i = 0; i < pm_keys_n; i++)
        if (is_said(&pm_keys[i], spec, &plain))
            write_member(w, &pm_keys[i], spec);
    if (w->section != NULL)
        pm_sink_str(&w->to.out, "}");
    w->section = NULL;
    pm_sink_str(&w->to.out, w->to.json ? "}" : "");
}

enum pm_err pm_config_write_all(const struct pm_spec_list *specs,
                                const struct pm_script_list *scripts, bool json, char **out)
{
    struct layout w = { .to.json = json };
    size_t n = specs->n;

    pm_sink_str(&w.to.out, json ? "{\"processes\": [" : "processes:");
    for (size_t i = 0; i < n; i++) {
        pm_sink_str(&w.to.out, json && i > 0 ? "," : "");
        write_spec(&w, &specs->at[i]);
    }
    pm_sink_str(&w.to.out, json ? "\n]" : n == 0 ? " []\n" : "\n");
    if (scripts->n > 0) {
        pm_sink_str(&w.to.out, json ? ",\n " : "");
        pm_write_scripts(&w.to, scripts);
    }
    pm_sink_str(&w.to.out, json ? "}\n" : "");
    *out = w.to.out.at;
    return PM_OK;
}

enum pm_err pm_config_write(const struct pm_spec *specs, size_t n, bool json, char **out)
{
    const struct pm_spec_list list = { .at = (struct pm_spec *)specs, .n = n };

    return pm_config_write_all(&list, &(struct pm_script_list){ 0 }, json, out);
}
