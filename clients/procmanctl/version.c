/* version: ours, and the sheriff's if one answers. */
#include "out.h"
#include "verbs.h"

#include <procman/limits.h>
#include <procman/text.h>

struct versions {
    const char *client, *sheriff;
    uint64_t protocol;
    const char *sheriff_host;
    uint64_t sheriff_uptime_ms;
};

static const struct pm_field fields[] = {
    { "client", PM_KIND_STR, offsetof(struct versions, client), NULL, NULL, "procmanctl's" },
    { "sheriff", PM_KIND_STR, offsetof(struct versions, sheriff), NULL, NULL, "empty: none" },
    { "protocol", PM_KIND_U64, offsetof(struct versions, protocol), NULL, NULL, "spoken" },
    { "sheriff_host", PM_KIND_STR, offsetof(struct versions, sheriff_host), NULL, NULL, "its own" },
    { "sheriff_uptime_ms", PM_KIND_U64, offsetof(struct versions, sheriff_uptime_ms), NULL, NULL,
      "since it began" },
};
static const struct pm_desc desc = {
    .name = "versions", .size = sizeof(struct versions), .fields = fields, .n = PM_COUNT(fields),
};

static void print(const struct versions *versions)
{
    char age[PM_TEXT_SIZE];

    out_line("procmanctl %s (protocol %llu)", versions->client,
             (unsigned long long)versions->protocol);
    if (*versions->sheriff)
        out_line("sheriffd %s on %s, up %s", versions->sheriff, versions->sheriff_host,
                 pm_text_age(versions->sheriff_uptime_ms, age));
}

/* That no sheriff answers is told, and is no failure: the question was about versions. */
enum pm_err verb_version(struct ctl *ctl)
{
    struct versions versions = { .client = PROCMAN_VERSION, .protocol = PM_PROTOCOL_VERSION,
                                 .sheriff = "", .sheriff_host = "" };
    struct pm_frame frame = { 0 };
    enum pm_err err = PM_OK;

    if (ctl_snapshot(ctl, &frame) == PM_OK) {
        const struct pm_snapshot *picture = frame.msg;

        versions.sheriff = picture->software;
        versions.sheriff_host = picture->host;
        versions.sheriff_uptime_ms = picture->uptime_ms;
    }
    if (ctl->set.json)
        err = out_json("versions", &desc, &versions, 1);
    else
        print(&versions);
    pm_frame_fini(&frame);
    return err;
}
