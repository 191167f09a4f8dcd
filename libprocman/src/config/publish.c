/* The JSON Schema of a configuration file, for editors: made from the table of keys, so that it
 * cannot say anything else than the reader does.
 *
 * What a schema cannot know (which process a name means, which signals there are) it leaves to
 * `procmanctl check`. YAML's own reader of an editor turns texts such as 7 or yes into numbers
 * and booleans before the schema sees them; so where text is meant those are fine.
 */
#include <procman/config.h>

#include "config/keys.h"
#include "core/sink.h"
#include "core/spec_fault.h"

#include <procman/limits.h>

#include <stdlib.h>
#include <string.h>

#define TEXT_(number) #number
#define TEXT(number) TEXT_(number)

#define NUMBER(low, high) "\"type\": \"integer\", \"minimum\": " low ", \"maximum\": " high
#define A_TEXT   "\"type\": [\"string\", \"number\", \"boolean\"]"
#define A_COUNT  "\"type\": \"integer\", \"minimum\": 0"
#define A_SIZE   "\"type\": [\"string\", \"integer\"], \"minimum\": 0, " \
                 "\"pattern\": \"^[0-9]+(\\\\.[0-9]+)? ?([kKmMgGtT]([iI]?[bB])?|[bB])?$\""
#define A_SPAN   "\"type\": [\"string\", \"number\"], \"minimum\": 0, " \
                 "\"pattern\": \"^([0-9]+(\\\\.[0-9]+)?(ms|s|m|h|d))+$|^[0-9]+(\\\\.[0-9]+)?$\""
#define FIELDS   "\"type\": \"string\", " \
                 "\"pattern\": \"^[ \\\\t]*([^ \\\\t]+[ \\\\t]+){4}[^ \\\\t]+[ \\\\t]*$\""
#define A_ZONE   "\"type\": \"string\", " \
                 "\"pattern\": \"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$\""
#define TEXTS    "\"type\": \"array\", \"minItems\": 1, \"items\": {" A_TEXT "}"
#define NAMES    "\"type\": \"array\", \"items\": {" A_TEXT "}"
#define TEXT_MAP "\"type\": \"object\", \"additionalProperties\": {" A_TEXT "}"
#define STEPS    "\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/step\"}"

#define SAYS(text)          { .says = text }
#define ONE_OF(table, text) { .words = table, .more = text }

/* What a value of each kind may be; for words of the protocol their table says it. */
static const struct {
    const char *says;
    const struct pm_words *words;
    const char *more;
} kinds[] = {
    [PM_VALUE_NAME]         = SAYS(A_TEXT),
    [PM_VALUE_GROUP]        = SAYS(A_TEXT),
    [PM_VALUE_HOST]         = SAYS(A_TEXT),
    [PM_VALUE_COMMAND]      = SAYS(A_TEXT),
    [PM_VALUE_DIRECTORY]    = SAYS("\"type\": \"string\", \"pattern\": \"^(/|[$][{])\""),
    [PM_VALUE_USER]         = SAYS(A_TEXT),
    [PM_VALUE_BOOL]         = SAYS("\"type\": \"boolean\""),
    [PM_VALUE_AUTO_RESTART] = ONE_OF(&pm_auto_restart_words, ", true, false"),
    [PM_VALUE_DURATION]     = SAYS(A_SPAN),
    [PM_VALUE_FACTOR]       = SAYS("\"type\": \"number\", \"minimum\": 1, \"maximum\": 1000"),
    [PM_VALUE_SHARE]        = SAYS("\"type\": \"number\", \"minimum\": 0, \"maximum\": 1"),
    [PM_VALUE_COUNT]        = SAYS(A_COUNT),
    [PM_VALUE_SIGNAL]       = SAYS("\"type\": [\"string\", \"integer\"], \"minimum\": 1, "
                                "\"maximum\": 64"),
    [PM_VALUE_SIZE]         = SAYS(A_SIZE),
    [PM_VALUE_KEEP]         = SAYS(NUMBER("0", TEXT(PM_LIMIT_OUTPUT_KEEP))),
    [PM_VALUE_FILE]         = SAYS("\"type\": \"string\", \"pattern\": \"^(/|[$][{])\""),
    [PM_VALUE_MASK]         = SAYS("\"type\": [\"string\", \"integer\"], "
                                "\"pattern\": \"^0?[0-7]{3}$\""),
    [PM_VALUE_NICE]         = SAYS(NUMBER("-20", "19")),
    [PM_VALUE_MEMORY]       = SAYS(A_SIZE),
    [PM_VALUE_PERCENT]      = SAYS("\"type\": [\"string\", \"integer\"], \"maximum\": 0, "
                                "\"minimum\": 0, \"pattern\": \"^([0-9]+%|0)$\""),
    [PM_VALUE_PIDS]         = SAYS(NUMBER("0", TEXT(PM_LIMIT_PIDS))),
    [PM_VALUE_INSTANCES]    = SAYS(NUMBER("1", TEXT(PM_LIMIT_INSTANCES))),
    [PM_VALUE_SCHEDULE]     = SAYS(FIELDS),
    [PM_VALUE_ZONE]         = SAYS(A_ZONE),
    [PM_VALUE_OVERLAP]      = ONE_OF(&pm_overlap_words, NULL),
    [PM_VALUE_PATIENCE]     = SAYS(A_SPAN),
    [PM_VALUE_SPAN]         = SAYS(A_SPAN),
    [PM_VALUE_FAILURES]     = SAYS(NUMBER("1", "1000")),
    [PM_VALUE_REFERENCE]    = SAYS(A_TEXT),
    [PM_VALUE_WHEN]         = ONE_OF(&pm_dependency_when_words, NULL),
    [PM_VALUE_IF_FAILED]    = ONE_OF(&pm_dependency_failure_words, NULL),
    [PM_VALUE_SCRIPT]       = SAYS(A_TEXT),
    [PM_VALUE_WAIT]         = ONE_OF(&pm_step_wait_words, ", false"), /* no, to YAML 1.1 */
    [PM_VALUE_STEP_FAILURE] = ONE_OF(&pm_step_failure_words, NULL),
    [PM_VALUE_LOG]          = SAYS("\"type\": \"string\", \"minLength\": 1"),
    [PM_VALUE_TCP]          = SAYS("\"type\": [\"integer\", \"string\"], \"minimum\": 1, "
                                "\"maximum\": 65535, \"pattern\": \"^(.+:)?[0-9]+$\""),
    [PM_VALUE_HTTP]         = SAYS("\"type\": \"string\", \"pattern\": \"^http://\""),
    [PM_VALUE_EXEC]         = SAYS("\"type\": \"string\", \"minLength\": 1"),
    [PM_VALUE_NOTIFY]       = SAYS("\"const\": true"),
    [PM_VALUE_AFTER]        = SAYS(A_SPAN),
    [PM_VALUE_WORDS]        = SAYS(TEXTS),
    [PM_VALUE_CODES]        = SAYS("\"type\": \"array\", \"minItems\": 1, "
                                "\"items\": {" NUMBER("0", "255") "}"),
    [PM_VALUE_VARIABLES]    = SAYS(TEXT_MAP),
    [PM_VALUE_LABELS]       = SAYS(TEXT_MAP),
    [PM_VALUE_LIMITS]       = SAYS("\"$ref\": \"#/$defs/limits\""),
    [PM_VALUE_HOSTS]        = SAYS(TEXTS),
    [PM_VALUE_DEPENDENCIES] = SAYS("\"type\": \"array\", \"items\": {\"anyOf\": [{" A_TEXT "}, "
                                "{\"$ref\": \"#/$defs/dependency\"}]}"),
    [PM_VALUE_STEPS]        = SAYS(STEPS),
    [PM_VALUE_SELECT]       = SAYS("\"anyOf\": [{" A_TEXT "}, {" TEXTS "}]"),
    [PM_VALUE_LOSS]         = SAYS("\"anyOf\": [{\"const\": \"keep\"}, {\"type\": \"object\", "
                                "\"required\": [\"stop_after\"], \"additionalProperties\": false, "
                                "\"properties\": {\"stop_after\": {" A_SPAN "}}}]"),
};

/* The parts of a file, which have keys of their own. */
static const struct { const char *name, *says; } parts[] = {
    { "include", NAMES },
    { "deputies", "\"type\": \"array\", \"items\": {\"anyOf\": [{" A_TEXT "}, "
                  "{\"$ref\": \"#/$defs/deputy\"}]}" },
    { "defaults", "\"$ref\": \"#/$defs/defaults\"" },
    { "groups", "\"type\": \"object\", "
                "\"additionalProperties\": {\"$ref\": \"#/$defs/defaults\"}" },
    { "processes", "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/process\"}" },
    { "scripts", "\"type\": \"object\", \"additionalProperties\": {" STEPS "}" },
    { "name", A_TEXT },
    { "aliases", NAMES },
};

/* ---- one key ---- */

static const char *part_says(const char *name)
{
    for (size_t i = 0; i < PM_COUNT(parts); i++)
        if (strcmp(parts[i].name, name) == 0)
            return parts[i].says;
    pm_assert(!"every part of a file is in its table");
    return "";
}

static void put_words(struct pm_sink *out, const struct pm_words *words, const char *more)
{
    pm_sink_str(out, "\"enum\": [");
    for (size_t i = 0; i < words->n; i++)
        pm_sink_print(out, "%s\"%s\"", i > 0 ? ", " : "", words->at[i].word);
    pm_sink_print(out, "%s]", more != NULL ? more : "");
}

/* Numbers and booleans as such; all other defaults are texts. */
static bool is_bare(enum pm_value value)
{
    return value == PM_VALUE_BOOL || value == PM_VALUE_FACTOR || value == PM_VALUE_SHARE ||
           value == PM_VALUE_COUNT || value == PM_VALUE_KEEP || value == PM_VALUE_NICE ||
           value == PM_VALUE_PIDS || value == PM_VALUE_INSTANCES || value == PM_VALUE_FAILURES;
}

static void put_key(struct pm_sink *out, const struct pm_key *key, const char *name)
{
    const char *quote = is_bare(key->value) ? "" : "\"";

    pm_sink_print(out, "\"%s\": {\"description\": \"%s\", ", name, key->meaning);
    if (key->fallback != NULL)
        pm_sink_print(out, "\"default\": %s%s%s, ", quote, key->fallback, quote);
    if (key->value == PM_VALUE_PART)
        pm_sink_str(out, part_says(key->name));
    else if (kinds[key->value].words != NULL)
        put_words(out, kinds[key->value].words, kinds[key->value].more);
    else
        pm_sink_str(out, kinds[key->value].says);
    pm_sink_str(out, "}");
}

/* ---- the keys of one place ---- */

static bool is_there(const struct pm_key *key, unsigned where)
{
    return (key->where & where) != 0 && (key->where & PM_NOT_YET) == 0;
}

/* Is it the first of its section in the table? */
static bool is_first(const struct pm_key *key, unsigned where, size_t section_n)
{
    for (const struct pm_key *other = pm_keys; other < key; other++)
        if (is_there(other, where) && strncmp(other->name, key->name, section_n + 1) == 0)
            return false;
    return true;
}

static void put_section(struct pm_sink *out, const struct pm_key *first, unsigned where,
                        size_t section_n)
{
    const char *comma = "\n        ";

    pm_sink_print(out, "\"%.*s\": {\"type\": \"object\", \"additionalProperties\": false, "
                  "\"properties\": {", (int)section_n, first->name);
    for (const struct pm_key *key = first; key < pm_keys + pm_keys_n; key++) {
        if (!is_there(key, where) || strncmp(key->name, first->name, section_n + 1) != 0)
            continue;
        pm_sink_str(out, comma);
        put_key(out, key, key->name + section_n + 1);
        comma = ",\n        ";
    }
    pm_sink_str(out, "}}");
}

/* All keys that may stand in one place; those of a section also as one dotted word. */
static void put_keys(struct pm_sink *out, unsigned where)
{
    const char *comma = "\n      ";

    pm_sink_str(out, "\"type\": \"object\", \"additionalProperties\": false,\n");
    if ((where & (PM_IN_PROCESS | PM_IN_DEFAULTS)) != 0)
        pm_sink_str(out, "    \"patternProperties\": {\"^[a-z_]+\\\\.[a-z_]+$\": true},\n");
    pm_sink_str(out, "    \"properties\": {");
    for (const struct pm_key *key = pm_keys; key < pm_keys + pm_keys_n; key++) {
        const char *dot = strchr(key->name, '.');
        size_t section_n = dot != NULL ? (size_t)(dot - key->name) : 0;
        if (!is_there(key, where) || (dot != NULL && !is_first(key, where, section_n)))
            continue;
        pm_sink_str(out, comma);
        if (dot != NULL)
            put_section(out, key, where, section_n);
        else
            put_key(out, key, key->name);
        comma = ",\n      ";
    }
    pm_sink_str(out, "}");
}

static void put_limits(struct pm_sink *out)
{
    static const char bound[] = "{\"type\": [\"integer\", \"string\"], \"minimum\": 0}";
    const char *name;
    bool size;

    pm_sink_str(out, "\"type\": \"object\", \"additionalProperties\": {\"anyOf\": [");
    pm_sink_print(out, "%s, {\"type\": \"object\", \"required\": [\"soft\", \"hard\"], "
                  "\"additionalProperties\": false, \"properties\": {\"soft\": %s, "
                  "\"hard\": %s}}]}", bound, bound, bound);
    pm_sink_str(out, ", \"propertyNames\": {\"enum\": [");
    for (size_t i = 0; (name = pm_limit_name(i, &size)) != NULL; i++)
        pm_sink_print(out, "%s\"%s\"", i > 0 ? ", " : "", name);
    pm_sink_str(out, "]}");
}

/* ---- the whole ---- */

static void put_definition(struct pm_sink *out, const char *name, unsigned where,
                           const char *more)
{
    pm_sink_print(out, "  \"%s\": {", name);
    put_keys(out, where);
    pm_sink_print(out, "%s},\n", more);
}

char *pm_config_schema(void)
{
    struct pm_sink out = { 0 };

    pm_sink_str(&out, "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                      " \"title\": \"procman.yaml\",\n"
                      " \"description\": \"A configuration file of ProcMan " PROCMAN_VERSION
                      ", see procman.yaml(5)\",\n ");
    put_keys(&out, PM_IN_FILE);
    pm_sink_str(&out, ",\n \"$defs\": {\n");
    put_definition(&out, "deputy", PM_IN_DEPUTY, ", \"required\": [\"name\"]");
    put_definition(&out, "defaults", PM_IN_DEFAULTS, "");
    put_definition(&out, "process", PM_IN_PROCESS,
                   ",\n    \"required\": [\"name\"],\n"
                   "    \"oneOf\": [{\"required\": [\"command\"]}, {\"required\": [\"exec\"]}],\n"
                   "    \"not\": {\"required\": [\"host\", \"hosts\"]}");
    put_definition(&out, "dependency", PM_IN_DEPENDENCY, ", \"required\": [\"process\"]");
    put_definition(&out, "step", PM_IN_STEP,
                   ",\n    \"oneOf\": [{\"required\": [\"start\"]}, {\"required\": [\"stop\"]}, "
                   "{\"required\": [\"restart\"]},\n              {\"required\": [\"sleep\"]}, "
                   "{\"required\": [\"run\"]}, {\"required\": [\"parallel\"]}]");
    pm_sink_str(&out, "  \"limits\": {");
    put_limits(&out);
    pm_sink_str(&out, "}}}\n");
    return out.at;
}
