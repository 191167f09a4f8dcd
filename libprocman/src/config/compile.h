/* Configurations, as their readers and their own tests start them. */
#ifndef PROCMAN_CONFIG_COMPILE_H
#define PROCMAN_CONFIG_COMPILE_H

#include <procman/config.h>

/* A file as it was read; text is heap. Device and inode tell one that was read already. */
struct pm_file { char *text; size_t n; uint64_t device, inode; };

/* How one comes by the files that are included. Answers NULL or why not, static. */
struct pm_files {
    /* The files that a pattern means in the file `from`, sorted. Each and the list are heap. */
    const char *(*find)(const char *from, const char *pattern, char ***paths, size_t *n);
    const char *(*read)(const char *path, struct pm_file *out);
};

struct pm_compile {
    const char *name;             /* of the file; decides the syntax */
    struct pm_file file;          /* text is borrowed */
    const struct pm_files *files; /* NULL: nothing can be included */
    const struct pm_host_map *maps; size_t maps_n; /* borrowed */
    bool early;                   /* also what nothing heeds yet in this version */
};

/* As pm_config_parse. */
enum pm_err pm_config_compile(const struct pm_compile *what, struct pm_config *out, char **errors)
    PM_MUST_USE;

#endif
