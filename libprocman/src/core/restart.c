/* Should a dead process come back, and when?
 *
 * A crash loop must not eat the robot's CPU, and one crash after a good hour must not be
 * punished. So the pause grows with every quick death, and a run that lasted restart.settle
 * forgives all earlier ones. A life that could not begin is a quick death.
 *
 * restart.max_failures counts less than that: only failures of the program's own. A success in
 * between begins the row anew, and a shortage of the machine is nobody's failure.
 *
 * Who was ended because it was not well has failed, whatever it said at its end; and it comes back
 * whatever the policy says, for that is what it was ended for.
 *
 * Where the machine was merely short of something (no memory, too many processes), the next
 * try may well succeed: that comes back whatever the policy says, and for ever. No clock and no
 * dice here: the caller says how long it lived, and what chance has drawn.
 */
#include <procman/restart.h>
#include <procman/text.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Only the first return may be at once, whatever delay, max_delay and chance say: a crash loop is
 * not, and what cannot even begin would else be tried again within the same step, for ever. */
#define SMALLEST_DELAY_MS 1.0

static bool is_success(const struct pm_spec *spec, const struct pm_ending *ending)
{
    if (ending->unknown || ending->signal != 0 || ending->stage != PM_STAGE_NONE
        || ending->ailment != PM_AILMENT_NONE)
        return false;
    if (spec->success_codes.n == 0)
        return ending->code == 0;
    for (size_t i = 0; i < spec->success_codes.n; i++)
        if (spec->success_codes.at[i] == ending->code)
            return true;
    return false;
}

static bool is_shortage(const struct pm_ending *ending)
{
    return ending->stage != PM_STAGE_NONE
        && (ending->error == EAGAIN || ending->error == ENOMEM || ending->error == EMFILE
            || ending->error == ENFILE);
}

static bool policy_brings_back(const struct pm_spec *spec, const struct pm_ending *ending,
                               bool success)
{
    return ending->ailment == PM_AILMENT_UNHEALTHY
        || spec->auto_restart == PM_AUTO_RESTART_ALWAYS
        || (spec->auto_restart == PM_AUTO_RESTART_ON_FAILURE && !success);
}

/* delay × factor^(quick - 1), at most max_delay, of which the share `jitter` is left to chance. */
static int64_t pause_after(const struct pm_spec *spec, unsigned quick, double chance)
{
    double longest = (double)spec->restart_max_delay_ms;
    double delay = (double)spec->restart_delay_ms;
    double factor = spec->restart_factor > 1 ? spec->restart_factor : 1;

    if (quick > 1 && delay < SMALLEST_DELAY_MS)
        delay = SMALLEST_DELAY_MS;
    for (unsigned i = 1; i < quick && delay < longest && factor > 1; i++)
        delay *= factor;
    if (delay > longest)
        delay = longest;
    delay *= 1 - spec->restart_jitter * chance;
    if (quick > 1 && delay < SMALLEST_DELAY_MS)
        delay = SMALLEST_DELAY_MS;
    return (int64_t)(delay + 0.5);
}

struct pm_verdict pm_restart_judge(const struct pm_spec *spec, struct pm_deaths *seen,
                                   const struct pm_ending *ending, int64_t lived_ms, double chance)
{
    bool began = ending->stage == PM_STAGE_NONE;
    bool settled = began && lived_ms >= (int64_t)spec->restart_settle_ms;
    bool shortage = is_shortage(ending);
    struct pm_verdict verdict = { .success = is_success(spec, ending) };

    if (settled)
        *seen = (struct pm_deaths){ 0 };
    if (seen->quick < UINT32_MAX)
        seen->quick++;
    if (verdict.success)
        seen->failures = 0;
    else if (!shortage && seen->failures < UINT32_MAX)
        seen->failures++;
    if (!shortage && !policy_brings_back(spec, ending, verdict.success))
        return verdict;

    verdict.gave_up = !shortage && !verdict.success && spec->restart_max_failures > 0
                   && seen->failures >= spec->restart_max_failures;
    verdict.again = !verdict.gave_up;
    if (verdict.again)
        verdict.wait_ms = pause_after(spec, seen->quick, chance);
    return verdict;
}

/* ---- in words ---------------------------------------------------------------------- */

/* What the failing stage was busy with, as its user knows it. */
static const char *stage_subject(const struct pm_ending *ending, const struct pm_spec *spec)
{
    switch (ending->stage) {
    case PM_STAGE_DIRECTORY:
        return spec->working_dir;
    case PM_STAGE_USER:
        return spec->run_as_user;
    case PM_STAGE_GROUP:
        return spec->run_as_group;
    case PM_STAGE_EXEC:
        return spec->exec.n > 0 ? spec->exec.at[0] : spec->command;
    default:
        return "";
    }
}

/* What to do, where that is not said by what is wrong. */
static const char *stage_advice(const struct pm_ending *ending)
{
    bool forbidden = ending->error == EPERM || ending->error == EACCES;

    if (forbidden && ending->stage == PM_STAGE_LIMIT)
        return "; raise deputyd's own limit first";
    if (forbidden && ending->stage == PM_STAGE_NICE)
        return "; only a deputyd that root runs can go below its own";
    return "";
}

/* What is wrong with a control group is the machine's or its administrator's to change. */
static const char *cgroup_text(const struct pm_ending *ending, char *text, size_t size)
{
    const char *limit = ending->detail, *why = strerrordesc_np((int)ending->error);
    static const char see[] = "; see Control groups in deputyd(8)";

    if (ending->error == ENOTSUP || ending->error == ENOENT)
        snprintf(text, size, "this host has no cgroup v2 %s controller for deputyd%s", limit, see);
    else if (ending->error == EBUSY)
        snprintf(text, size, "other processes are in deputyd's control group, so %s cannot be "
                 "limited%s", limit, see);
    else
        snprintf(text, size, "cannot limit %s of its control group: %s%s", limit,
                 why ? why : "unknown error", see);
    return text;
}

static const char *stage_text(const struct pm_ending *ending, const struct pm_spec *spec,
                              char *text, size_t size)
{
    bool detailed = ending->detail != NULL && *ending->detail != '\0';
    const char *subject = detailed ? ending->detail : stage_subject(ending, spec);
    const char *what = ending->stage == PM_STAGE_DIRECTORY ? "working directory"
                     : ending->stage == PM_STAGE_USER ? "run as user"
                     : ending->stage == PM_STAGE_GROUP ? "run as group"
                     : ending->stage == PM_STAGE_EXEC ? "cannot execute"
                     : ending->stage == PM_STAGE_LIMIT && detailed ? "cannot set limit"
                     : ending->stage == PM_STAGE_NICE && detailed ? "cannot be nice"
                     : NULL;
    const char *why = strerrordesc_np((int)ending->error);

    if (ending->stage == PM_STAGE_CGROUP && detailed)
        return cgroup_text(ending, text, size);
    if (what == NULL) { /* said by the schema: "making the output pipes: Too many open files" */
        what = (size_t)ending->stage < pm_stage_words.n ? pm_stage_words.at[ending->stage].meaning
                                                        : "starting it";
        subject = "";
    }
    snprintf(text, size, "%s%s%.80s: %s%s", what, subject && *subject ? " " : "",
             subject ? subject : "", why ? why : "unknown error", stage_advice(ending));
    return text;
}

/* The kernel tells of a cgroup's kills which group it was, of others only how many. */
static const char *memory_text(const struct pm_ending *ending)
{
    return ending->oom        ? " (out of memory)"
           : ending->oom_near ? ", and the kernel's out-of-memory killer had run"
                              : "";
}

const char *pm_ending_text(const struct pm_ending *ending, const struct pm_spec *spec,
                           char *text, size_t size)
{
    if (ending->stage != PM_STAGE_NONE)
        return stage_text(ending, spec, text, size);
    if (ending->unknown)
        snprintf(text, size, "ended while no deputy was its parent, how is not known");
    else if (ending->signal != 0)
        snprintf(text, size, "killed by %s%s%s", pm_signal_name(ending->signal),
                 ending->core_dumped ? " (core dumped)" : "", memory_text(ending));
    else
        snprintf(text, size, "exit code %lld", (long long)ending->code);
    return text;
}
