/* The name service may ask files, a directory server or nobody; here it is asked only for
 * processes that shall run as somebody else. The answer is not kept: users come and go.
 */
#include "brain/users_io.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ENTRY_BYTES ((size_t)64 << 10) /* of one user or group; a group lists its members */
#define GROUPS_USUAL 64 /* at most; else a second question is asked */

static bool whole_number(const char *text, uint64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *out < UINT32_MAX;
}

/* A user without an entry has no name, and only the group that is asked for. */
struct user { uint64_t uid, gid; const char *name, *home, *shell; };

static bool find_user(const char *name, struct pm_arena *arena, struct user *out)
{
    struct passwd entry, *found = NULL;
    char *room = pm_arena_get(arena, ENTRY_BYTES);

    if (room == NULL)
        return false;
    if (whole_number(name, &out->uid)) {
        out->gid = out->uid;
        if (getpwuid_r((uid_t)out->uid, &entry, room, ENTRY_BYTES, &found) != 0 || !found)
            return true;
    } else if (getpwnam_r(name, &entry, room, ENTRY_BYTES, &found) != 0 || !found) {
        return false;
    }
    *out = (struct user){ entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir,
                          entry.pw_shell };
    return true;
}

static bool find_group(const char *name, struct pm_arena *arena, uint64_t *out)
{
    struct group entry, *found = NULL;
    char *room = pm_arena_get(arena, ENTRY_BYTES);

    if (room == NULL)
        return false;
    if (getgrnam_r(name, &entry, room, ENTRY_BYTES, &found) == 0 && found) {
        *out = entry.gr_gid;
        return true;
    }
    return whole_number(name, out);
}

/* All of them: who lacks one is refused what the user may do. */
static bool list_groups(const struct user *user, uint64_t gid, struct pm_arena *arena,
                        struct pm_i64s *out)
{
    gid_t few[GROUPS_USUAL] = { (gid_t)gid }, *groups = few;
    int n = user->name ? GROUPS_USUAL : 1;

    if (user->name && getgrouplist(user->name, (gid_t)gid, groups, &n) < 0) { /* n: how many */
        groups = pm_arena_get(arena, (size_t)n * sizeof *groups);
        if (groups == NULL || getgrouplist(user->name, (gid_t)gid, groups, &n) < 0)
            return false;
    }
    out->at = pm_arena_get(arena, (size_t)n * sizeof *out->at);
    if (out->at == NULL)
        return false;
    out->n = (size_t)n;
    for (int i = 0; i < n; i++)
        out->at[i] = groups[i];
    return true;
}

const char *users_resolve(const struct pm_spec *spec, struct pm_arena *arena,
                          struct brain_ids *out, char *text, size_t size)
{
    struct user user = { .uid = geteuid(), .gid = getegid() };
    uint64_t gid;

    if (*spec->run_as_user && !find_user(spec->run_as_user, arena, &user)) {
        snprintf(text, size, "unknown user '%.60s'", spec->run_as_user);
        return text;
    }
    gid = user.gid;
    if (*spec->run_as_group && !find_group(spec->run_as_group, arena, &gid)) {
        snprintf(text, size, "unknown group '%.60s'", spec->run_as_group);
        return text;
    }
    /* Who is not root may only become himself, which needs no right if nothing is switched. */
    out->is_self = geteuid() != 0 && user.uid == geteuid() && gid == getegid();
    if (geteuid() != 0 && !out->is_self)
        return "only a deputyd that root runs can run it as somebody else";
    out->uid = user.uid;
    out->gid = gid;
    out->name = user.name;
    out->home = user.home;
    out->shell = user.shell;
    return list_groups(&user, gid, arena, &out->groups) ? NULL : "its groups cannot be listed";
}
