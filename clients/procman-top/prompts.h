/* What is typed into the prompts, and what becomes of it. */
#ifndef TOP_PROMPTS_H
#define TOP_PROMPTS_H

#include "app.h"

void prompts_key(struct app *app, uint32_t key, struct pm_mono now);
/* To the next line that matches the search. */
void prompts_search(struct app *app, bool backwards, struct pm_mono now);

#endif
