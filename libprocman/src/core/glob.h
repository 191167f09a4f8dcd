/* Globs over names and group paths. */
#ifndef CORE_GLOB_H
#define CORE_GLOB_H

#include <procman/base.h>

/* * any run of characters but '/', ? one character but '/', [a-z] [!a-z] [^a-z] one of a set,
 * \x the character x. NULL: a good pattern; otherwise what is wrong with it, static. */
const char *pm_glob_fault(const char *pattern) PM_MUST_USE;

/* `at` stands after a '['. Where its set ends, behind the ']'; NULL: nowhere. */
const char *pm_glob_set_end(const char *at) PM_MUST_USE;

/* Does all of the text match the pattern, which is a good one? Takes time in the order of
 * pattern times text at worst. */
bool pm_glob_match(const char *pattern, const char *text, size_t n) PM_MUST_USE;

#endif
