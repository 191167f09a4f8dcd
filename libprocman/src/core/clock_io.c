/* The only reader of clocks. Monotonic means CLOCK_BOOTTIME: a robot that slept an hour has
 * aged an hour, and the epoch is the kernel's boot, so a new brain understands the deadlines
 * an old one left with the keeper.
 */
#include <procman/time.h>

#include <time.h>

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct pm_mono pm_mono_now(void)
{
    return (struct pm_mono){ .ms = now_ms(CLOCK_BOOTTIME) };
}

struct pm_wall pm_wall_now(void)
{
    return (struct pm_wall){ .ms = now_ms(CLOCK_REALTIME) };
}
