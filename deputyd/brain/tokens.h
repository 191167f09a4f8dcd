/* A set of tokens, which are chance: any of their bits are as good as the others. */
#ifndef BRAIN_TOKENS_H
#define BRAIN_TOKENS_H

#include <procman/base.h>

#include <stdint.h>

struct tokens { uint64_t *at; size_t n, cap; }; /* begins all zero */

void tokens_fini(struct tokens *tokens);
void tokens_add(struct tokens *tokens, uint64_t token); /* 0 is none, and never in it */
bool tokens_has(const struct tokens *tokens, uint64_t token);

#endif
