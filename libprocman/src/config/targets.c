/* What a probe looks at: one reader for each way to say it.
 *
 * `ready: {tcp: 7000}` and `ready: {log: up}` fill one and the same member, so the nearest word
 * replaces what was inherited, of whatever kind that was; how long and how often is inherited on.
 */
#include "config/scalar.h"
#include "core/spec_fault.h"
#include "core/words.h"

#include <procman/probe.h>

#include <string.h>

/* Only what is looked at: how long and how often may be inherited. */
static void aim(struct pm_probe *probe, enum pm_probe_kind kind, const char *text)
{
    probe->kind = kind;
    probe->text = text;
    probe->port = 0;
    probe->delay_ms = 0;
}

static const char *read_log(const struct pm_node *node, struct pm_probe *probe)
{
    aim(probe, PM_PROBE_KIND_LOG, node->text);
    return pm_pattern_fault(node->text);
}

/* PORT or HOST:PORT; an IPv6 address stands in brackets. */
static const char *read_tcp(struct pm_arena *arena, const struct pm_node *node,
                            struct pm_probe *probe)
{
    const char *colon = strrchr(node->text, ':'), *digits = colon != NULL ? colon + 1 : node->text;
    const char *host = node->text;
    size_t n = colon != NULL ? (size_t)(colon - host) : 0;
    struct pm_node port = { .kind = PM_NODE_SCALAR, .plain = true, .text = digits };

    aim(probe, PM_PROBE_KIND_TCP, "");
    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    } else if (memchr(host, ':', n) != NULL) {
        return "an address with colons stands in brackets: \"[::1]:7000\"";
    }
    if (colon != NULL && n == 0)
        return "not a host; write a port, or HOST:PORT";
    if (pm_scalar_read(PM_VALUE_COUNT, &port, &probe->port) != NULL)
        probe->port = 0;
    const char *fault = pm_port_fault(probe->port);
    if (fault != NULL || n == 0)
        return fault;
    probe->text = pm_arena_str(arena, host, n);
    return probe->text != NULL ? pm_target_host_fault(probe->text) : "there is no memory for it";
}

static const char *read_http(const struct pm_node *node, struct pm_probe *probe)
{
    struct pm_url url;

    aim(probe, PM_PROBE_KIND_HTTP, node->text);
    return pm_url_parse(node->text, &url);
}

static const char *read_exec(const struct pm_node *node, struct pm_probe *probe)
{
    aim(probe, PM_PROBE_KIND_EXEC, node->text);
    return *node->text != '\0' ? pm_command_fault(node->text) : "a command is not empty";
}

static const char *read_notify(const struct pm_node *node, struct pm_probe *probe)
{
    bool truth = false;
    const char *fault = pm_scalar_read(PM_VALUE_BOOL, node, &truth);

    aim(probe, PM_PROBE_KIND_NOTIFY, "");
    return fault != NULL || truth ? fault : "write true; who is not to say so leaves notify out";
}

static const char *read_after(const struct pm_node *node, struct pm_probe *probe)
{
    aim(probe, PM_PROBE_KIND_AFTER, "");
    return pm_scalar_read(PM_VALUE_PATIENCE, node, &probe->delay_ms);
}

const char *pm_target_read(enum pm_value value, struct pm_arena *arena,
                           const struct pm_node *node, struct pm_probe *probe)
{
    switch (value) {
    case PM_VALUE_LOG:    return read_log(node, probe);
    case PM_VALUE_TCP:    return read_tcp(arena, node, probe);
    case PM_VALUE_HTTP:   return read_http(node, probe);
    case PM_VALUE_EXEC:   return read_exec(node, probe);
    case PM_VALUE_NOTIFY: return read_notify(node, probe);
    default:              return read_after(node, probe);
    }
}
