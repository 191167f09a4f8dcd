/* One configuration while it is being read: what all of its parts share. */
#ifndef PROCMAN_CONFIG_LOADING_H
#define PROCMAN_CONFIG_LOADING_H

#include "config/values.h"

#include <procman/config.h>

/* What the processes of a group begin with, or all of them. */
struct pm_layer {
    const char *path;
    struct pm_spec spec;
    const struct pm_node *waits;  /* the list that spec.depends_on was read from, or NULL */
    size_t bytes;                 /* of the spec, encoded: what each process has of it */
};

/* A process, and where it stands. */
struct pm_item {
    struct pm_spec spec;
    size_t place;
    const struct pm_node *hosts;  /* its list of hosts, until it was made into one for each */
    const struct pm_node *waits;  /* as in a layer */
    bool own_waits;               /* its own words, not those of a group */
};

struct pm_alias { const char *alias, *name; };

struct pm_loading {
    struct pm_reading reading;
    const struct pm_node **pages; /* maps: of the file, then of those it includes */
    size_t pages_n;
    struct pm_layer base;                   /* built in, and `defaults` */
    struct pm_layer *layers; size_t layers_n; /* sorted by path: parents before children */
    struct pm_item *items; size_t items_n;
    size_t bytes;                           /* that their layers have in all of them */
    struct pm_strs deputies;
    struct pm_alias *aliases; size_t aliases_n; /* sorted by alias */
    struct pm_script_list scripts;
    const struct pm_host_map *maps; size_t maps_n;
};

/* The part of a page of that name; NULL when it is not there or, reported, not of that kind. */
const struct pm_node *pm_loading_part(struct pm_loading *load, const struct pm_node *page,
                                      const char *name, enum pm_node_kind kind) PM_MUST_USE;
/* "FILE:LINE" in the arena; NULL: no memory, reported. */
const char *pm_loading_origin(struct pm_loading *load, size_t place) PM_MUST_USE;
void pm_loading_no_memory(struct pm_loading *load, size_t place);
void pm_loading_too_much(struct pm_loading *load, size_t place);

/* What a host is called, and which one is meant by that. */
const char *pm_host_named(const struct pm_loading *load, const char *host) PM_MUST_USE;
const char *pm_host_meant(const struct pm_loading *load, const char *host) PM_MUST_USE;

/* The steps, in this order. What is wrong goes to the report. */
void pm_deputies_read(struct pm_loading *load);
void pm_layers_read(struct pm_loading *load);      /* defaults and groups */
void pm_processes_read(struct pm_loading *load);
void pm_processes_expand(struct pm_loading *load); /* aliases, hosts, instances; sorts */
void pm_dependencies_resolve(struct pm_loading *load);
void pm_scripts_read(struct pm_loading *load);     /* and holds them against the processes */

/* What a process or group of that path begins with: its own layer or the nearest above. */
const struct pm_layer *pm_layer_of(const struct pm_loading *load, const char *path) PM_MUST_USE;

#endif
