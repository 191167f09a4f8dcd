/* A spec as it is on this machine, at this moment: what a process is begun with.
 *
 * A variable is looked for in `env`, then in the env_file, then in what the user it runs as has,
 * then in the deputy's own environment. The values of `env` may name each other in any order. One
 * that names itself, perhaps by way of others, means the one outside: PATH: /opt/bin:${PATH}. So
 * there is no circle that could not be filled in.
 */
#include "brain/expand.h"

#include "brain/env_file.h"
#include "brain/inside.h"

#include <procman/fill.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 32 /* of values in values: our stack is no measure for a file */

struct expansion {
    struct brain *brain;
    const struct pm_spec *spec;
    struct pm_arena *arena;
    struct pm_var_list user, file;
    struct { const char *value; bool busy; } *env; /* as in the spec; value: when it is known */
    unsigned depth;
    struct pm_fill fill;
};

/* The last one counts. */
static const char *in_list(const struct pm_var_list *list, const char *name)
{
    for (size_t i = list->n; i-- > 0;)
        if (strcmp(list->at[i].name, name) == 0)
            return list->at[i].value;
    return NULL;
}

static int by_name(const void *name, const void *var)
{
    return strcmp(name, ((const struct pm_var *)var)->name);
}

static enum pm_err value_of(struct expansion *e, size_t nth, const char **out)
{
    enum pm_err err;

    if (e->env[nth].value == NULL) {
        if (++e->depth > DEPTH_MOST) {
            snprintf(e->fill.why, e->fill.size, "its variables name each other too deeply");
            return PM_USAGE;
        }
        e->env[nth].busy = true;
        err = pm_fill_text(&e->fill, e->spec->env.at[nth].value, e->arena, &e->env[nth].value);
        e->env[nth].busy = false;
        e->depth--;
        if (err != PM_OK)
            return err;
    }
    *out = e->env[nth].value;
    return PM_OK;
}

static enum pm_err variable(void *self, const char *name, const char **out)
{
    struct expansion *e = self;
    const struct brain_port *port = e->brain->port;
    const struct pm_var_list *env = &e->spec->env;
    const struct pm_var *own = env->n == 0 ? NULL
                             : bsearch(name, env->at, env->n, sizeof *env->at, by_name);

    if (own != NULL && !e->env[own - env->at].busy)
        return value_of(e, (size_t)(own - env->at), out);
    *out = in_list(&e->file, name);
    if (*out == NULL)
        *out = in_list(&e->user, name);
    if (*out == NULL)
        *out = port->variable(e->brain->self, name);
    return PM_OK;
}

/* ---- the parts --------------------------------------------------------------------------- */

/* What a login would set. */
static enum pm_err user_variables(struct expansion *e, const struct brain_ids *ids)
{
    const struct pm_var all[] = { { "HOME", ids->home }, { "LOGNAME", ids->name },
                                  { "SHELL", ids->shell }, { "USER", ids->name } };
    struct pm_var *at;

    if (ids->name == NULL || ids->is_self)
        return PM_OK;
    at = pm_arena_get(e->arena, sizeof all);
    if (at == NULL)
        return PM_NO_MEMORY;
    memcpy(at, all, sizeof all);
    e->user = (struct pm_var_list){ at, PM_COUNT(all) };
    return PM_OK;
}

static enum pm_err file_variables(struct expansion *e)
{
    const struct brain_port *port = e->brain->port;
    const char *path, *why;
    char *bytes, room[64];
    unsigned line = 0;
    size_t n;
    enum pm_err err;

    if (*e->spec->env_file == '\0')
        return PM_OK;
    err = pm_fill_text(&e->fill, e->spec->env_file, e->arena, &path);
    if (err != PM_OK)
        return err;
    why = port->read_file(e->brain->self, path, e->arena, &bytes, &n, room, sizeof room);
    if (why == NULL)
        why = env_file_parse(bytes, n, e->arena, &e->file, &line);
    if (why == NULL)
        return PM_OK;
    if (line > 0)
        snprintf(e->fill.why, e->fill.size, "env_file %.80s:%u: %s", path, line, why);
    else
        snprintf(e->fill.why, e->fill.size, "env_file %.80s: %s", path, why);
    return PM_USAGE;
}

/* All together, what counts more behind what counts less. */
static enum pm_err environment(struct expansion *e, struct pm_var_list *out)
{
    const struct pm_var_list parts[] = { e->user, e->file, e->spec->env };
    size_t n = 0, most = e->user.n + e->file.n + e->spec->env.n;
    struct pm_var *at = pm_arena_get(e->arena, (most + 1) * sizeof *at);
    enum pm_err err = at != NULL ? PM_OK : PM_NO_MEMORY;

    for (size_t part = 0; part < PM_COUNT(parts) && err == PM_OK; part++)
        for (size_t i = 0; i < parts[part].n; i++)
            at[n++] = parts[part].at[i];
    for (size_t i = 0; i < e->spec->env.n && err == PM_OK; i++)
        err = value_of(e, i, &at[most - e->spec->env.n + i].value);
    *out = (struct pm_var_list){ at, most };
    return err;
}

static enum pm_err words(struct expansion *e, struct pm_strs *out)
{
    const struct pm_strs *exec = &e->spec->exec;
    const char **at = pm_arena_get(e->arena, (exec->n + 1) * sizeof *at);
    enum pm_err err = at != NULL ? PM_OK : PM_NO_MEMORY;

    for (size_t i = 0; i < exec->n && err == PM_OK; i++)
        err = pm_fill_text(&e->fill, exec->at[i], e->arena, &at[i]);
    *out = (struct pm_strs){ at, exec->n };
    return err;
}

static enum pm_err directory(struct expansion *e, const char **out)
{
    enum pm_err err = pm_fill_text(&e->fill, e->spec->working_dir, e->arena, out);

    if (err != PM_OK || **out == '/' || **out == '\0')
        return err;
    snprintf(e->fill.why, e->fill.size, "working directory %.80s: it does not begin with a '/'",
             *out);
    return PM_USAGE;
}

/* ---- all of it --------------------------------------------------------------------------- */

static enum pm_err expand(struct expansion *e, const struct brain_ids *ids, struct pm_spec *out)
{
    const struct pm_spec *spec = e->spec;
    enum pm_err err = user_variables(e, ids);

    e->env = pm_arena_get(e->arena, (spec->env.n + 1) * sizeof *e->env);
    if (e->env == NULL)
        return PM_NO_MEMORY;
    memset(e->env, 0, (spec->env.n + 1) * sizeof *e->env);
    if (err == PM_OK)
        err = file_variables(e);
    if (err == PM_OK)
        err = environment(e, &out->env);
    if (err == PM_OK)
        err = directory(e, &out->working_dir);
    if (err == PM_OK)
        err = words(e, &out->exec);
    return err == PM_OK ? pm_fill_line(&e->fill, spec->command, e->arena, &out->command) : err;
}

const char *expand_spec(struct brain *b, const struct pm_spec *spec, const struct brain_ids *ids,
                        struct pm_arena *arena, struct pm_spec *out, char *text, size_t size)
{
    struct expansion e = {
        .brain = b, .spec = spec, .arena = arena,
        .fill = { .name = spec->name, .host = b->name, .group = spec->group,
                  .index = spec->instance, .variable = variable, .self = &e, .why = text,
                  .size = size },
    };

    *out = *spec;
    switch (expand(&e, ids, out)) {
    case PM_OK:
        return NULL;
    case PM_NO_MEMORY:
        return "out of memory";
    default:
        return text;
    }
}
