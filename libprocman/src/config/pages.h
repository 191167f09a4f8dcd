/* The files of one configuration: the first one, and all that are included. */
#ifndef PROCMAN_CONFIG_PAGES_H
#define PROCMAN_CONFIG_PAGES_H

#include "config/compile.h"
#include "config/loading.h"

struct pm_page;
struct pm_pages { struct pm_page *at; size_t n, bytes, nodes; };

/* Read them into trees; load->pages are the maps at their tops. What is wrong is reported. */
void pm_pages_read(struct pm_pages *pages, const struct pm_compile *what, struct pm_loading *load);
/* When the report is printed: it borrows the texts. */
void pm_pages_fini(struct pm_pages *pages);

#endif
