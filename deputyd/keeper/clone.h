/* clone(2) into a control group. */
#ifndef KEEPER_CLONE_H
#define KEEPER_CLONE_H

#include <stddef.h>
#include <sys/types.h>

/* As glibc's clone() with CLONE_VM | CLONE_VFORK | CLONE_FILES: `child` runs in our memory on a
 * stack of its own, and we go on when it has executed a program or returned. group: descriptor of
 * the control group it is born into; -1: ours. Where that cannot be done, -1 and errno. */
pid_t pm_clone(int (*child)(void *), void *argument, char *stack, size_t stack_bytes, int group);

#endif
