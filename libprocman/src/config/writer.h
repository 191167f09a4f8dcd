/* Values of a spec as text, in YAML or JSON. */
#ifndef PROCMAN_CONFIG_WRITER_H
#define PROCMAN_CONFIG_WRITER_H

#include "config/keys.h"
#include "core/sink.h"

struct pm_writer { struct pm_sink out; bool json; };

/* What the key says of this spec, with nothing before or behind it. env in YAML begins a line. */
void pm_write_value(struct pm_writer *w, const struct pm_key *key, const struct pm_spec *spec);

/* All of `scripts`, key and value; there is one at least. */
void pm_write_scripts(struct pm_writer *w, const struct pm_script_list *scripts);

/* A text, in quotes where its language needs them. */
void pm_write_word(struct pm_writer *w, const char *text);

#endif
