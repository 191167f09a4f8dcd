/* Looks at /proc once a second. */
#ifndef BRAIN_SAMPLER_IO_H
#define BRAIN_SAMPLER_IO_H

#include "brain/brain.h"
#include "brain/output.h"

struct sampler;

void sampler_open(struct sampler **out);
void sampler_close(struct sampler **sampler);

/* One look. out borrows from the sampler until the next look; its session is filled in, and
 * rows are those that changed since they were last told in this session. */
void sampler_look(struct sampler *sampler, const struct brain *brain, const struct output *output,
                  struct pm_stats *out);

#endif
