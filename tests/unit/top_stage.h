/* A screen of procman-top without a terminal and a sheriff: three processes on two deputies, and
 * an ear for what it wishes. Time passes between keys, unless a test says otherwise. */
#ifndef TESTS_TOP_STAGE_H
#define TESTS_TOP_STAGE_H

#include "app.h"

#include <criterion/criterion.h>

extern struct app *app;
extern struct canvas canvas;
extern struct pm_mono now;
extern char heard[1000];         /* what its port was told: "start drivers/;follow 1;" */
extern struct pm_proc procs[3];  /* left and right in cameras, core in no group */
extern struct pm_deputy deputies[2];

void given_a_fleet_on_screen(void);
void then_all_is_closed(void);

void when_typed(const char *keys);
void when_key(uint32_t key);
void then_heard(const char *expected); /* and forget it */
bool on_screen(const char *text);

#endif
