/* Open addressing: a token has its place, or the next free one after it. At least half of the
 * places are free, so that a look ends soon. Nothing is ever taken out.
 */
#include "brain/tokens.h"

#include <stdlib.h>

#define FIRST_CAP 64 /* a power of two, as every later one */

void tokens_fini(struct tokens *tokens)
{
    free(tokens->at);
    *tokens = (struct tokens){ 0 };
}

/* Where it is, or where it would be. */
static uint64_t *place_of(const struct tokens *tokens, uint64_t token)
{
    size_t place = token & (tokens->cap - 1);

    while (tokens->at[place] != 0 && tokens->at[place] != token)
        place = (place + 1) & (tokens->cap - 1);
    return &tokens->at[place];
}

static void grow(struct tokens *tokens)
{
    struct tokens before = *tokens;

    tokens->cap = before.cap > 0 ? 2 * before.cap : FIRST_CAP;
    tokens->at = pm_alloc(tokens->cap * sizeof *tokens->at);
    for (size_t i = 0; i < before.cap; i++)
        if (before.at[i] != 0)
            *place_of(tokens, before.at[i]) = before.at[i];
    free(before.at);
}

void tokens_add(struct tokens *tokens, uint64_t token)
{
    uint64_t *place;

    if (token == 0)
        return;
    if (2 * tokens->n >= tokens->cap)
        grow(tokens);
    place = place_of(tokens, token);
    tokens->n += *place == 0;
    *place = token;
}

bool tokens_has(const struct tokens *tokens, uint64_t token)
{
    return token != 0 && tokens->n > 0 && *place_of(tokens, token) == token;
}
