/* YAML to the tree of values, from libyaml's events.
 *
 * We take of YAML what people write and refuse, aloud, what surprises them: anchors, aliases,
 * tags, a second document. Nothing is typed here: whether `no` is a word or a boolean is for the
 * key to say, so a scalar keeps only its text and whether it stood without quotes.
 *
 * libyaml counts places in characters, the report in bytes: `byte_of` walks along.
 */
#include "config/tree.h"
#include "core/codepoint.h"

#include <string.h>
#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    struct pm_tree *tree;
    size_t chars, bytes;   /* the same place twice, where the last walk ended */
};

static struct pm_node *read_node(struct reader *reader, yaml_event_t *event, unsigned depth);

static size_t byte_of(struct reader *reader, size_t chars)
{
    const struct pm_source *source = &reader->tree->source;
    uint32_t code;

    if (chars < reader->chars)
        reader->chars = reader->bytes = 0;
    while (reader->chars < chars && reader->bytes < source->n) {
        size_t step = pm_code_next(source->text + reader->bytes, source->n - reader->bytes, &code);
        reader->bytes += step > 0 ? step : 1;
        reader->chars++;
    }
    return reader->bytes;
}

/* libyaml's words are for those who know its grammar; the usual three mistakes get a hint. */
static const char *hint(char at, const char *problem)
{
    if (at == '\t')
        return "; YAML is indented with spaces, never with tabs";
    if (at == '@' || at == '`' || at == '%')
        return "; a value that begins with this character needs quotes";
    if (strstr(problem, "mapping values are not allowed") != NULL)
        return "; a value with ': ' in it needs quotes, a key the same indent as its neighbours";
    return "";
}

static void report_problem(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const struct pm_source *source = &reader->tree->source;
    const char *problem = parser->problem != NULL ? parser->problem : "it cannot be read";
    bool bytes = parser->error == YAML_READER_ERROR;
    size_t place = bytes ? parser->problem_offset : byte_of(reader, parser->problem_mark.index);
    char at = place < source->n ? source->text[place] : '\0';

    pm_tree_fault(reader->tree, place, "this is not YAML: %s%s%s%s", problem,
                  parser->context != NULL ? " " : "",
                  parser->context != NULL ? parser->context : "", hint(at, problem));
}

static bool next_event(struct reader *reader, yaml_event_t *out)
{
    if (yaml_parser_parse(&reader->parser, out) != 0)
        return true;
    report_problem(reader);
    return false;
}

static bool refused(struct reader *reader, size_t place, const char *what)
{
    pm_tree_fault(reader->tree, place, "%s", what);
    return true;
}

/* Anchors, aliases and tags, wherever they stand. */
static bool refuse_extras(struct reader *reader, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    size_t place = byte_of(reader, event->start_mark.index);

    if (event->type == YAML_ALIAS_EVENT)
        return refused(reader, place, "aliases (*name) are not used here; defaults and groups "
                       "say things once, and a value that begins with * needs quotes");
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL)
        return refused(reader, place, "anchors (&name) are not used here; a value that begins "
                       "with & needs quotes");
    if (tag != NULL)
        return refused(reader, place, "tags (!name) are not used here; a value that begins "
                       "with ! needs quotes");
    return false;
}

static struct pm_node *read_scalar(struct reader *reader, const yaml_event_t *event, size_t place)
{
    struct pm_node *node = pm_tree_node(reader->tree, PM_NODE_SCALAR, place);

    if (node == NULL)
        return NULL;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = pm_tree_str(reader->tree, place, (const char *)event->data.scalar.value,
                             event->data.scalar.length);
    return node->text != NULL ? node : NULL;
}

static bool read_items(struct reader *reader, struct pm_node *list, unsigned depth)
{
    yaml_event_t event;

    while (next_event(reader, &event)) {
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        struct pm_node *item = end ? NULL : read_node(reader, &event, depth + 1);
        yaml_event_delete(&event);
        if (item == NULL || !pm_tree_append(reader->tree, list, item))
            return end;
    }
    return false;
}

/* One key and its value; the key's event is the caller's. */
static struct pm_node *read_member(struct reader *reader, yaml_event_t *key, unsigned depth)
{
    size_t place = byte_of(reader, key->start_mark.index);
    const char *name;
    yaml_event_t value;

    if (refuse_extras(reader, key))
        return NULL;
    if (key->type != YAML_SCALAR_EVENT) {
        refused(reader, place, "a key is a word, not a list or a map");
        return NULL;
    }
    name = pm_tree_str(reader->tree, place, (const char *)key->data.scalar.value,
                       key->data.scalar.length);
    if (name == NULL || !next_event(reader, &value))
        return NULL;
    struct pm_node *node = read_node(reader, &value, depth + 1);
    yaml_event_delete(&value);
    if (node == NULL)
        return NULL;
    pm_tree_key(reader->tree, node, name, place);
    return node;
}

static bool read_members(struct reader *reader, struct pm_node *map, unsigned depth)
{
    yaml_event_t event;

    while (next_event(reader, &event)) {
        bool end = event.type == YAML_MAPPING_END_EVENT;
        struct pm_node *member = end ? NULL : read_member(reader, &event, depth);
        yaml_event_delete(&event);
        if (end)
            pm_tree_end_map(reader->tree, map);
        if (member == NULL || !pm_tree_append(reader->tree, map, member))
            return end;
    }
    return false;
}

static struct pm_node *read_node(struct reader *reader, yaml_event_t *event, unsigned depth)
{
    size_t place = byte_of(reader, event->start_mark.index);
    bool is_map = event->type == YAML_MAPPING_START_EVENT;

    if (refuse_extras(reader, event) || !pm_tree_deep(reader->tree, place, depth))
        return NULL;
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event, place);
    struct pm_node *node = pm_tree_node(reader->tree, is_map ? PM_NODE_MAP : PM_NODE_LIST, place);
    if (node == NULL)
        return NULL;
    bool whole = is_map ? read_members(reader, node, depth) : read_items(reader, node, depth);
    return whole ? node : NULL;
}

/* Stream start, one document, stream end; the document's node is read where it begins. */
static bool read_stream(struct reader *reader)
{
    yaml_event_t event;
    unsigned documents = 0;
    bool good = true, end = false;

    while (good && !end && next_event(reader, &event)) {
        end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            good = ++documents == 1 ||
                   !refused(reader, byte_of(reader, event.start_mark.index),
                            "a second document begins here; a file holds one");
        } else if (!end && event.type != YAML_STREAM_START_EVENT &&
                   event.type != YAML_DOCUMENT_END_EVENT) {
            reader->tree->root = read_node(reader, &event, 1);
            good = reader->tree->root != NULL;
        }
        yaml_event_delete(&event);
    }
    return good && end;
}

bool pm_tree_read_yaml(struct pm_tree *tree)
{
    struct reader reader = { .tree = tree };

    if (yaml_parser_initialize(&reader.parser) == 0) {
        pm_tree_fault(tree, 0, "out of memory");
        return false;
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)tree->source.text,
                                 tree->source.n);
    bool good = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    return good;
}
