/* Ctrl-C while waiting: one sentence, and exit status 130. */
#ifndef PROCMANCTL_INTERRUPT_H
#define PROCMANCTL_INTERRUPT_H

/* sentence: static, with its newline; NULL: end in silence. */
void interrupt_says(const char *sentence);

#endif
