/* A child is born into its control group by clone3(2) alone: one that moved there itself would have
 * to wait for the whole machine's forks to pause (cgroup_threadgroup_rwsem), which costs half as
 * much as a start. The C library cannot do it, because clone3's child returns on a stack with
 * nothing on it; so these few instructions are ours. On other processors there are no groups.
 */
#include "keeper/clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>

#define SHARED (CLONE_VM | CLONE_VFORK | CLONE_FILES)

/* In both: the child calls `child(argument)` and exits with what that returns; the parent goes on
 * behind the label. No register but those named changes for the parent: they are its own. */
#if defined(__x86_64__)
static long clone_into(struct clone_args *args, int (*child)(void *), void *argument)
{
    long result;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %[argument], %%rdi\n\t"
                     "call *%[child]\n\t"
                     "mov %%eax, %%edi\n\t"
                     "mov %[leave], %%eax\n\t"
                     "syscall\n"
                     "1:"
                     : "=a"(result)
                     : "0"((long)SYS_clone3), "D"(args), "S"(sizeof *args), [child] "r"(child),
                       [argument] "r"(argument), [leave] "i"(SYS_exit)
                     : "rcx", "r11", "cc", "memory");
    return result;
}
#elif defined(__aarch64__)
static long clone_into(struct clone_args *args, int (*child)(void *), void *argument)
{
    register long result __asm__("x0") = (long)args;
    register long size __asm__("x1") = sizeof *args;
    register long number __asm__("x8") = SYS_clone3;

    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x0, %[argument]\n\t"
                     "blr %[child]\n\t"
                     "mov x8, %[leave]\n\t"
                     "svc #0\n"
                     "1:"
                     : "+r"(result)
                     : "r"(size), "r"(number), [child] "r"(child), [argument] "r"(argument),
                       [leave] "i"(SYS_exit)
                     : "cc", "memory");
    return result;
}
#else
static long clone_into(struct clone_args *args, int (*child)(void *), void *argument)
{
    (void)args;
    (void)child;
    (void)argument;
    return -ENOSYS;
}
#endif

pid_t pm_clone(int (*child)(void *), void *argument, char *stack, size_t stack_bytes, int group)
{
    struct clone_args args = {
        .flags = SHARED | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD,
        .stack = (uintptr_t)stack, .stack_size = stack_bytes, .cgroup = (uint64_t)group,
    };
    long pid;

    if (group < 0)
        return clone(child, stack + stack_bytes, SHARED | SIGCHLD, argument);
    pid = clone_into(&args, child, argument);
    if (pid >= 0)
        return (pid_t)pid;
    errno = (int)-pid;
    return -1;
}
