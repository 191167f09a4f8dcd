/* Orders to the sheriff, and the questions before them. */
#ifndef TOP_ORDERS_H
#define TOP_ORDERS_H

#include "app.h"

/* For what is tagged, or for the cursor's row; asks first where that is wise. */
void orders_give(struct app *app, enum pm_verb verb, int64_t signal, struct pm_mono now);
void orders_answer(struct app *app, uint32_t key, struct pm_mono now);   /* to its question */

/* The nth signal of the menu; 0 behind the last. */
int orders_menu(size_t n);
void orders_menu_key(struct app *app, uint32_t key, struct pm_mono now);

/* What was typed behind ':': an action, or a verb of procmanctl with selectors. */
void orders_typed(struct app *app, const char *text, struct pm_mono now);

#endif
