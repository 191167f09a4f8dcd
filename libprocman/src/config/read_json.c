/* JSON to the tree of values, as RFC 8259 has it.
 *
 * A reader of our own, because every value must know where it stands and no library says so.
 * The grammar is small enough to be read here in one piece. What people bring along from other
 * places (comments, single quotes, a comma too many) is refused with a sentence that says so.
 * The first syntax error ends the reading: what follows it would be guesswork.
 */
#include "config/tree.h"
#include "core/sink.h"
#include "core/codepoint.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    struct pm_tree *tree;
    const char *text;
    size_t n, at;
};

static struct pm_node *read_value(struct reader *reader, unsigned depth);

static char peek(const struct reader *reader)
{
    return reader->at < reader->n ? reader->text[reader->at] : '\0';
}

/* Always false: "this was not read". */
static bool wrong(struct reader *reader, size_t place, const char *sentence)
{
    pm_tree_fault(reader->tree, place, "this is not JSON: %s", sentence);
    return false;
}

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->n && strchr(" \t\r\n", peek(reader)) != NULL)
        reader->at++;
}

/* What stands here instead of what was expected. */
static bool unexpected(struct reader *reader, const char *expected)
{
    switch (peek(reader)) {
    case '\0':
        return wrong(reader, reader->at, "the file ends too early");
    case '#':
    case '/':
        return wrong(reader, reader->at, "it has no comments; write YAML (a file that ends in "
                     ".yaml) to have them");
    case '\'':
        return wrong(reader, reader->at, "texts stand in double quotes");
    default:
        return wrong(reader, reader->at, expected);
    }
}

/* ---- strings ---- */

static bool read_hex(struct reader *reader, uint32_t *out)
{
    uint32_t code = 0;

    for (int i = 0; i < 4; i++, reader->at++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = peek(reader) != '\0' ? strchr(digits, peek(reader)) : NULL;
        if (digit == NULL)
            return wrong(reader, reader->at, "four hexadecimal digits follow \\u");
        uint32_t value = (uint32_t)(digit - digits);
        code = code << 4 | (value < 16 ? value : value - 6);
    }
    *out = code;
    return true;
}

/* After "\u": a code point, which may take a second \uXXXX. */
static bool read_unicode(struct reader *reader, size_t place, struct pm_sink *text)
{
    uint32_t code, low = 0;
    char bytes[4];

    if (!read_hex(reader, &code))
        return false;
    if (code >= 0xd800 && code <= 0xdbff) {
        if (reader->n - reader->at >= 2 && memcmp(reader->text + reader->at, "\\u", 2) == 0) {
            reader->at += 2;
            if (!read_hex(reader, &low))
                return false;
        }
        if (low >= 0xdc00 && low <= 0xdfff)
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code >= 0xd800 && code <= 0xdfff)
        return wrong(reader, place, "half of a surrogate pair is no character");
    pm_sink_add(text, bytes, pm_code_put(code, bytes));
    return true;
}

static bool read_escape(struct reader *reader, struct pm_sink *text)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    size_t place = reader->at++;
    char letter = peek(reader);
    const char *known = letter != '\0' ? strchr(from, letter) : NULL;

    if (known != NULL) {
        pm_sink_add(text, &to[known - from], 1);
        reader->at++;
        return true;
    }
    if (letter != 'u')
        return wrong(reader, place, "no such escape; write \\\\ for a backslash");
    reader->at++;
    return read_unicode(reader, place, text);
}

static bool read_chars(struct reader *reader, struct pm_sink *text)
{
    size_t open = reader->at++;

    for (;;) {
        size_t from = reader->at;
        while (reader->at < reader->n && (unsigned char)peek(reader) >= ' ' &&
               peek(reader) != '"' && peek(reader) != '\\')
            reader->at++;
        pm_sink_add(text, reader->text + from, reader->at - from);
        if (reader->at >= reader->n || peek(reader) == '\n')
            return wrong(reader, open, "the quote that begins here is not closed");
        if (peek(reader) == '"')
            break;
        if (peek(reader) != '\\')
            return wrong(reader, reader->at, "control characters are written as escapes, a tab "
                         "as \\t");
        if (!read_escape(reader, text))
            return false;
    }
    reader->at++;
    return true;
}

static const char *read_string(struct reader *reader)
{
    struct pm_sink text = { 0 };
    size_t place = reader->at;
    const char *kept = NULL;

    if (read_chars(reader, &text))
        kept = pm_tree_str(reader->tree, place, text.at, text.n);
    free(text.at);
    return kept;
}

/* ---- numbers and words ---- */

static size_t digits(const struct reader *reader, size_t at)
{
    size_t n = 0;

    while (at + n < reader->n && reader->text[at + n] >= '0' && reader->text[at + n] <= '9')
        n++;
    return n;
}

/* Is text[from .. at) a number as RFC 8259 writes it? */
static bool is_number(const struct reader *reader, size_t from)
{
    size_t at = from + (reader->text[from] == '-'), n = digits(reader, at);

    if (n == 0 || (n > 1 && reader->text[at] == '0'))
        return false;
    at += n;
    if (at < reader->at && reader->text[at] == '.') {
        n = digits(reader, at + 1);
        at += n > 0 ? n + 1 : 0;
    }
    if (at + 1 < reader->at && (reader->text[at] | ' ') == 'e') {
        size_t sign = reader->text[at + 1] == '-' || reader->text[at + 1] == '+';
        n = digits(reader, at + 1 + sign);
        at += n > 0 ? n + 1 + sign : 0;
    }
    return at == reader->at;
}

static const char *read_bare(struct reader *reader)
{
    static const char *const words[] = { "true", "false", "null" };
    size_t from = reader->at;

    while (reader->at < reader->n && strchr(" \t\r\n,:[]{}\"'#/", peek(reader)) == NULL)
        reader->at++;
    size_t n = reader->at - from;
    bool known = n > 0 && is_number(reader, from);
    for (size_t i = 0; i < PM_COUNT(words); i++)
        known = known || (n == strlen(words[i]) && memcmp(reader->text + from, words[i], n) == 0);
    if (known)
        return pm_tree_str(reader->tree, from, reader->text + from, n);
    reader->at = from;
    unexpected(reader, "expected a value: text in double quotes, a decimal number, true, false, "
               "null, [ or {");
    return NULL;
}

/* ---- lists and maps ---- */

/* After an item: true at the end, which is eaten. False and *failed at anything but a comma. */
static bool at_end(struct reader *reader, char close, bool *failed)
{
    skip_space(reader);
    char here = peek(reader);
    if (here == close || here == ',')
        reader->at++;
    if (here == close)
        return true;
    if (here != ',') {
        *failed = true;
        unexpected(reader, close == ']' ? "expected ',' or ']' after this item"
                                        : "expected ',' or '}' after this value");
        return false;
    }
    size_t comma = reader->at - 1;
    skip_space(reader);
    if (peek(reader) == close) {
        *failed = true;
        wrong(reader, comma, "nothing follows this comma");
    }
    return false;
}

static const char *read_key(struct reader *reader)
{
    const char *key = NULL;

    if (peek(reader) != '"')
        unexpected(reader, "expected a key in double quotes");
    else
        key = read_string(reader);
    skip_space(reader);
    if (key != NULL && peek(reader) != ':') {
        unexpected(reader, "expected ':' after this key");
        return NULL;
    }
    reader->at++;
    return key;
}

static struct pm_node *read_member(struct reader *reader, bool keyed, unsigned depth)
{
    const char *key = NULL;

    skip_space(reader);
    size_t place = reader->at;
    if (keyed && (key = read_key(reader)) == NULL)
        return NULL;
    struct pm_node *node = read_value(reader, depth + 1);
    if (node == NULL)
        return NULL;
    if (keyed)
        pm_tree_key(reader->tree, node, key, place);
    return node;
}

static struct pm_node *read_container(struct reader *reader, unsigned depth)
{
    bool is_map = peek(reader) == '{', failed = false;
    char close = is_map ? '}' : ']';
    struct pm_node *node = pm_tree_node(reader->tree, is_map ? PM_NODE_MAP : PM_NODE_LIST,
                                        reader->at);

    if (node == NULL)
        return NULL;
    reader->at++;
    skip_space(reader);
    if (peek(reader) == close) {
        reader->at++;
        return node;
    }
    do {
        struct pm_node *member = read_member(reader, is_map, depth);
        if (member == NULL || !pm_tree_append(reader->tree, node, member))
            return NULL;
    } while (!at_end(reader, close, &failed) && !failed);
    if (is_map && !failed)
        pm_tree_end_map(reader->tree, node);
    return failed ? NULL : node;
}

static struct pm_node *read_value(struct reader *reader, unsigned depth)
{
    skip_space(reader);
    size_t place = reader->at;
    if (!pm_tree_deep(reader->tree, place, depth))
        return NULL;
    if (peek(reader) == '{' || peek(reader) == '[')
        return read_container(reader, depth);
    bool plain = peek(reader) != '"';
    const char *text = plain ? read_bare(reader) : read_string(reader);
    struct pm_node *node = text != NULL ? pm_tree_node(reader->tree, PM_NODE_SCALAR, place) : NULL;
    if (node != NULL) {
        node->plain = plain;
        node->text = text;
    }
    return node;
}

bool pm_tree_read_json(struct pm_tree *tree)
{
    struct reader reader = { .tree = tree, .text = tree->source.text, .n = tree->source.n };

    skip_space(&reader);
    if (reader.at == reader.n)
        return true;
    tree->root = read_value(&reader, 1);
    if (tree->root == NULL)
        return false;
    skip_space(&reader);
    if (reader.at == reader.n)
        return true;
    unexpected(&reader, "something follows after its end");
    return false;
}
