/* Deputies and their rows.
 *
 * Invariant: deputy->digest is the XOR of its rows' digests and deputy->alive counts those that
 * live, so neither a beat nor a deputy's row costs a walk. wish->seen and seen->wish name each
 * other or neither names anyone.
 */
#include "sheriffd/fleet.h"

#include <procman/process.h>
#include <procman/status.h>

#include <stdlib.h>
#include <string.h>

struct row_key { const char *group, *name; };

static uint64_t hash_row(const char *group, const char *name)
{
    return table_hash_text(table_hash_text(0, group), name);
}

static bool same_row(const void *item, const void *key)
{
    const struct pm_status_row *row = &((const struct seen *)item)->row;
    const struct row_key *wanted = key;

    return strcmp(row->name, wanted->name) == 0 && strcmp(row->group, wanted->group) == 0;
}

static bool same_deputy(const void *item, const void *key)
{
    return strcmp(((const struct deputy *)item)->name, key) == 0;
}

static bool same_peer(const void *item, const void *key)
{
    return ((const struct deputy *)item)->peer == *(const uint64_t *)key;
}

/* ---- deputies --------------------------------------------------------------------- */

void fleet_init(struct fleet *fleet)
{
    *fleet = (struct fleet){ 0 };
}

struct deputy *fleet_find(const struct fleet *fleet, const char *name)
{
    return table_find(&fleet->by_name, table_hash_text(0, name), same_deputy, name);
}

struct deputy *fleet_by_peer(const struct fleet *fleet, uint64_t peer)
{
    return table_find(&fleet->by_peer, table_hash_number(peer), same_peer, &peer);
}

struct deputy *fleet_deputy(struct fleet *fleet, struct desired *d, const char *name)
{
    struct deputy *deputy = fleet_find(fleet, name);

    if (deputy != NULL)
        return deputy;
    deputy = pm_alloc(sizeof *deputy);
    deputy->name = pm_strdup(name);
    deputy->software = pm_strdup("");
    deputy->hostname = pm_strdup("");
    deputy->address = pm_strdup("");
    deputy->post = desired_post(d, name);
    deputy->post->deputy = deputy;
    fleet->deputies = pm_resize(fleet->deputies, fleet->n + 1, sizeof(struct deputy *));
    fleet->deputies[fleet->n++] = deputy;
    table_put(&fleet->by_name, table_hash_text(0, name), deputy);
    return deputy;
}

void fleet_begin(struct fleet *fleet, struct deputy *deputy, uint64_t peer, uint64_t session,
                 uint64_t epoch, struct pm_mono now)
{
    if (deputy->session != 0)
        fleet_end(fleet, deputy, PM_LINK_LOST);
    deputy->peer = peer;
    deputy->session = session;
    deputy->epoch = epoch;
    deputy->link = PM_LINK_UP;
    deputy->heard = now;
    deputy->left_running = false;
    table_put(&fleet->by_peer, table_hash_number(peer), deputy);
}

void fleet_end(struct fleet *fleet, struct deputy *deputy, enum pm_link link)
{
    if (deputy->session != 0)
        table_drop(&fleet->by_peer, table_hash_number(deputy->peer), deputy);
    deputy->session = deputy->peer = deputy->seq = 0;
    deputy->sent_generation = deputy->sent_specs_generation = 0;
    deputy->mismatches = 0;
    deputy->refreshed = deputy->adopting = false;
    deputy->link = link;
}

/* ---- rows ------------------------------------------------------------------------- */

static struct seen *find_row(const struct deputy *deputy, const char *group, const char *name)
{
    struct row_key key = { .group = group, .name = name };

    return table_find(&deputy->rows, hash_row(group, name), same_row, &key);
}

const struct seen *fleet_row(const struct deputy *deputy, const char *group, const char *name)
{
    return find_row(deputy, group, name);
}

static void free_row(struct pm_status_row *row)
{
    free((char *)row->group);
    free((char *)row->name);
    free((char *)row->reason);
    free((char *)row->says);
}

static void keep_row(struct seen *seen, const struct pm_status_row *row, struct pm_mono now)
{
    struct deputy *deputy = seen->deputy;

    seen->row = *row;
    seen->row.group = pm_strdup(row->group);
    seen->row.name = pm_strdup(row->name);
    seen->row.reason = pm_strdup(row->reason);
    seen->row.says = pm_strdup(row->says);
    seen->at = now;
    seen->digest = pm_status_row_digest(row);
    if (!pm_state_alive(row->state))
        seen->usage = (struct pm_usage){ .output_end = seen->usage.output_end };
    deputy->digest ^= seen->digest;
    deputy->alive += pm_state_alive(row->state);
}

static void retract_row(const struct seen *seen)
{
    seen->deputy->digest ^= seen->digest;
    seen->deputy->alive -= pm_state_alive(seen->row.state);
}

static void drop_row(struct seen *seen)
{
    retract_row(seen);
    table_drop(&seen->deputy->rows, hash_row(seen->row.group, seen->row.name), seen);
    if (seen->wish != NULL)
        seen->wish->seen = NULL;
    free_row(&seen->row);
    free(seen);
}

static void join(struct seen *seen, struct wish *wish)
{
    seen->wish = wish;
    wish->seen = seen;
}

static struct seen *new_row(const struct desired *d, struct deputy *deputy,
                            const struct pm_status_row *row, struct pm_mono now)
{
    struct seen *seen = pm_alloc(sizeof *seen);
    struct wish *wish = desired_find(d, deputy->name, row->group, row->name);

    seen->deputy = deputy;
    keep_row(seen, row, now);
    table_put(&deputy->rows, hash_row(row->group, row->name), seen);
    if (wish != NULL)
        join(seen, wish);
    return seen;
}

static void take_row(const struct desired *d, struct deputy *deputy,
                     const struct pm_status_row *row, uint64_t mark, struct pm_mono now,
                     fleet_notice *notice, void *self)
{
    struct seen *seen = find_row(deputy, row->group, row->name);

    if (seen == NULL) {
        seen = new_row(d, deputy, row, now);
        seen->mark = mark;
        notice(self, seen, NULL, false);
        return;
    }
    struct pm_status_row before = seen->row;

    seen->mark = mark;
    retract_row(seen);
    keep_row(seen, row, now);
    if (seen->digest != pm_status_row_digest(&before) || before.restarts != row->restarts ||
        strcmp(before.reason, row->reason) != 0 || strcmp(before.says, seen->row.says) != 0)
        notice(self, seen, &before, false);
    free_row(&before);
}

static void drop_unmarked(struct deputy *deputy, uint64_t mark, fleet_notice *notice, void *self)
{
    struct seen **gone = pm_alloc((deputy->rows.n + 1) * sizeof(struct seen *));
    struct seen *seen;
    size_t at = 0, n = 0;

    while ((seen = table_next(&deputy->rows, &at)) != NULL)
        if (seen->mark != mark)
            gone[n++] = seen;
    for (size_t i = 0; i < n; i++) {
        notice(self, gone[i], &gone[i]->row, true);
        drop_row(gone[i]);
    }
    free(gone);
}

void fleet_status(struct fleet *fleet, const struct desired *d, struct deputy *deputy,
                  const struct pm_status *status, struct pm_mono now, fleet_notice *notice,
                  void *self)
{
    uint64_t mark = ++fleet->marks;

    deputy->seq = status->seq;
    deputy->generation = status->generation;
    deputy->specs_generation = status->specs_generation;
    for (size_t i = 0; i < status->procs.n; i++)
        take_row(d, deputy, &status->procs.at[i], mark, now, notice, self);
    if (!status->full)
        return;
    drop_unmarked(deputy, mark, notice, self);
    deputy->refreshed = deputy->known = true;
}

struct wish *fleet_usage(const struct desired *d, const struct deputy *deputy,
                         const struct pm_usage *usage)
{
    struct wish *wish = desired_by_id(d, usage->id);

    if (wish == NULL || wish->seen == NULL || wish->seen->deputy != deputy)
        return NULL;
    if (!pm_state_alive(wish->seen->row.state))
        wish->seen->usage.output_end = usage->output_end;
    else
        wish->seen->usage = *usage;
    return wish;
}

void fleet_link(struct fleet *fleet, struct wish *wish)
{
    struct deputy *deputy = fleet_find(fleet, wish->spec.host);
    struct seen *seen = NULL;

    if (deputy != NULL && wish->seen == NULL)
        seen = find_row(deputy, wish->spec.group, wish->spec.name);
    if (seen != NULL)
        join(seen, wish);
}

void fleet_fini(struct fleet *fleet)
{
    for (size_t i = 0; i < fleet->n; i++) {
        struct deputy *deputy = fleet->deputies[i];
        struct seen *seen;

        for (size_t at = 0; (seen = table_next(&deputy->rows, &at)) != NULL;) {
            free_row(&seen->row);
            free(seen);
        }
        table_fini(&deputy->rows);
        free(deputy->name);
        free(deputy->software);
        free(deputy->hostname);
        free(deputy->address);
        free(deputy->second);
        free(deputy);
    }
    table_fini(&fleet->by_name);
    table_fini(&fleet->by_peer);
    free(fleet->deputies);
}
