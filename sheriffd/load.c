/* Sums by host.
 *
 * A process that is being removed keeps its place, because its deputy needs it until nothing of
 * it lives; its spec is told to nobody any more and weighs nothing.
 */
#include "sheriffd/load.h"

#include <procman/limits.h>
#include <procman/text.h>

#include <stdlib.h>
#include <string.h>

void loads_init(struct loads *loads, const struct desired *d, size_t most)
{
    *loads = (struct loads){ .d = d, .at = pm_alloc((most + 1) * sizeof *loads->at) };
}

void loads_fini(struct loads *loads)
{
    table_fini(&loads->by_host);
    free(loads->at);
    *loads = (struct loads){ 0 };
}

static bool same_host(const void *item, const void *key)
{
    return strcmp(((const struct load *)item)->host, key) == 0;
}

static struct load *load_of(struct loads *loads, const char *host)
{
    uint64_t hash = table_hash_text(0, host);
    struct load *load = table_find(&loads->by_host, hash, same_host, host);
    const struct post *post = desired_find_post(loads->d, host);

    if (load != NULL)
        return load;
    load = &loads->at[loads->n++];
    *load = (struct load){ .host = host };
    if (post != NULL) {
        load->n = load->n_before = post->n;
        load->bytes = load->bytes_before = desired_bytes(post);
    }
    table_put(&loads->by_host, hash, load);
    return load;
}

void loads_add(struct loads *loads, const char *host, const struct pm_spec *spec)
{
    struct load *load = load_of(loads, host);

    load->n++;
    load->bytes += pm_encoded_size(&pm_spec_desc, spec);
    loads->added++;
}

/* What is added may come before what is removed: only the sums at the end mean anything. */
void loads_change(struct loads *loads, const struct wish *wish, const struct pm_spec *spec)
{
    load_of(loads, wish->spec.host)->bytes += pm_encoded_size(&pm_spec_desc, spec) - wish->bytes;
}

void loads_remove(struct loads *loads, const struct wish *wish)
{
    load_of(loads, wish->spec.host)->bytes -= wish->bytes;
}

static enum pm_err check_one(const struct load *load, char **why)
{
    char size[PM_TEXT_SIZE], most[PM_TEXT_SIZE];

    if (load->n > PM_LIMIT_SLOTS && load->n > load->n_before) {
        *why = pm_printf("%s would have more than the %d processes a deputy takes", load->host,
                         PM_LIMIT_SLOTS);
        return PM_LIMIT;
    }
    if (load->bytes <= PM_LIMIT_WISH || load->bytes <= load->bytes_before)
        return PM_OK;
    *why = pm_printf("what defines the processes of %s would be %s in all, more than the %s that "
                     "a deputy can be told; put large values of env into files, or some of the "
                     "processes on another host", load->host, pm_text_bytes(load->bytes, size),
                     pm_text_bytes(PM_LIMIT_WISH, most));
    return PM_LIMIT;
}

enum pm_err loads_check(const struct loads *loads, char **why)
{
    size_t all = loads->d->n + loads->added;
    enum pm_err err = PM_OK;

    for (size_t i = 0; i < loads->n && err == PM_OK; i++)
        err = check_one(&loads->at[i], why);
    if (err == PM_OK && loads->added > 0 && all > PM_LIMIT_PROCESSES) {
        *why = pm_printf("%zu processes would be more than the %d a sheriff takes", all,
                         PM_LIMIT_PROCESSES);
        err = PM_LIMIT;
    }
    return err;
}

bool loads_take(struct loads *loads, const char *host, const struct pm_spec *spec)
{
    struct load *load = load_of(loads, host);
    size_t bytes = pm_encoded_size(&pm_spec_desc, spec);

    if (load->n >= PM_LIMIT_SLOTS || load->bytes + bytes > PM_LIMIT_WISH ||
        loads->d->n >= PM_LIMIT_PROCESSES)
        return false;
    load->n++;
    load->bytes += bytes;
    return true;
}
