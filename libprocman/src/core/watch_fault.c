/* What a spec may say about others and about how one looks after it: dependencies, probes.
 *
 * The same rules for a file and for a message, as in spec_fault.c.
 */
#include "core/spec_fault.h"
#include "core/words.h"

#include <procman/limits.h>
#include <procman/probe.h>
#include <procman/spec.h>

#include <string.h>

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

const char *pm_patience_fault(uint64_t ms)
{
    return ms > 0 ? pm_period_fault(ms) : "nothing comes in no time; write 1ms or more";
}

const char *pm_span_fault(uint64_t ms)
{
    if (ms > 0 && ms < PM_LIMIT_SPAN_LEAST_MS)
        return "less than 1s";
    return pm_period_fault(ms);
}

const char *pm_port_fault(uint64_t port)
{
    return port >= 1 && port <= PM_LIMIT_PORT ? NULL : "a port is a number from 1 to 65535";
}

/* What a connection can be made to: no blank and nothing that ends a host in a URL. */
const char *pm_target_host_fault(const char *host)
{
    if (strlen(host) > PM_LIMIT_HOST)
        return "a host has at most 253 bytes";
    for (const unsigned char *at = (const unsigned char *)host; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 0x7f || strchr("/?#@[]", *at) != NULL)
            return "not a host; write a port, or HOST:PORT";
    return NULL;
}

/* ---- probes ---- */

static const char *target_fault(const struct pm_probe *probe)
{
    const char *text = or_empty(probe->text), *fault;
    struct pm_url url;

    switch (probe->kind) {
    case PM_PROBE_KIND_LOG:
        return pm_pattern_fault(text);
    case PM_PROBE_KIND_TCP:
        fault = pm_target_host_fault(text);
        return fault != NULL ? fault : pm_port_fault(probe->port);
    case PM_PROBE_KIND_HTTP:
        return pm_url_parse(text, &url);
    case PM_PROBE_KIND_EXEC:
        return *text != '\0' ? pm_command_fault(text) : "a command is not empty";
    case PM_PROBE_KIND_AFTER:
        return pm_patience_fault(probe->delay_ms);
    default:
        return NULL;
    }
}

bool pm_probe_repeats(enum pm_probe_kind kind)
{
    return kind == PM_PROBE_KIND_TCP || kind == PM_PROBE_KIND_HTTP || kind == PM_PROBE_KIND_EXEC;
}

static const char *ready_fault(const struct pm_probe *ready)
{
    const char *fault = target_fault(ready);

    if (fault == NULL && ready->kind != PM_PROBE_KIND_AFTER)
        fault = pm_patience_fault(ready->timeout_ms);
    if (fault == NULL && pm_probe_repeats(ready->kind))
        fault = pm_patience_fault(ready->interval_ms);
    return fault;
}

static const char *health_fault(const struct pm_probe *health)
{
    const char *fault = target_fault(health);

    if (!pm_probe_repeats(health->kind))
        return "health looks at tcp, http or exec";
    if (fault == NULL)
        fault = pm_patience_fault(health->timeout_ms);
    if (fault == NULL)
        fault = pm_patience_fault(health->interval_ms);
    return fault != NULL || health->failures > 0 ? fault : "health.failures is 0; write 1 or more";
}

/* ---- dependencies ---- */

static const char *dependency_fault(const struct pm_spec *spec, const struct pm_dependency *other)
{
    const char *host = or_empty(other->host);
    const char *fault = pm_name_fault(or_empty(other->process));

    if (fault == NULL)
        fault = pm_group_fault(or_empty(other->group));
    if (fault == NULL && *host != '\0')
        fault = pm_name_fault(host);
    if (fault == NULL && strcmp(or_empty(other->process), or_empty(spec->name)) == 0 &&
        strcmp(or_empty(other->group), or_empty(spec->group)) == 0 &&
        strcmp(host, or_empty(spec->host)) == 0)
        fault = "it depends on itself";
    return fault;
}

const char *pm_watch_fault(const struct pm_spec *spec)
{
    const char *fault = NULL;

    if (spec->depends_on.n > PM_LIMIT_DEPENDENCIES)
        return "it depends on more than 1000 others";
    for (size_t i = 0; i < spec->depends_on.n && fault == NULL; i++)
        fault = dependency_fault(spec, &spec->depends_on.at[i]);
    if (fault == NULL && spec->ready.kind != PM_PROBE_KIND_NONE)
        fault = ready_fault(&spec->ready);
    if (fault == NULL && spec->health.kind != PM_PROBE_KIND_NONE)
        fault = health_fault(&spec->health);
    if (fault == NULL)
        fault = pm_span_fault(spec->health_silence_ms);
    if (fault == NULL)
        fault = pm_span_fault(spec->watchdog_ms);
    return fault;
}
