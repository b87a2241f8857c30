#include "json.h"

#include <string.h>

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* Behind the closing quote, or NULL when the text ends first. */
static const char *skip_text(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == '"')
            return at + 1;
    }
    return NULL;
}

/* Behind the closing bracket; what is inside is not looked at but for its strings. */
static const char *skip_nested(const char *at, const char *end)
{
    int depth = 0;
    while (at < end) {
        char here = *at;
        if (here == '"') {
            at = skip_text(at, end);
            if (at == NULL)
                return NULL;
            continue;
        }
        at++;
        if (here == '{' || here == '[')
            depth++;
        else if ((here == '}' || here == ']') && --depth == 0)
            return at;
    }
    return NULL;
}

static const char *skip_value(const char *at, const char *end)
{
    if (at == end)
        return NULL;
    if (*at == '"')
        return skip_text(at, end);
    if (*at == '{' || *at == '[')
        return skip_nested(at, end);
    while (at < end && strchr(",:]} \t\r\n", *at) == NULL)
        at++;
    return at;
}

struct walk enter(struct piece value)
{
    struct walk through = {value.at, value.at + value.length, false};
    if (value.length == 0 || (*value.at != '{' && *value.at != '['))
        through.is_broken = true;
    else
        through.at++;
    return through;
}

/* Take one value and stand before what follows it. */
static bool take(struct walk *through, struct piece *value)
{
    const char *start = skip_space(through->at, through->end);
    const char *behind = skip_value(start, through->end);
    if (behind == NULL || behind == start) {
        through->is_broken = true;
        return false;
    }
    *value = (struct piece){start, (size_t)(behind - start)};
    through->at = skip_space(behind, through->end);
    return true;
}

bool next_item(struct walk *through, struct piece *value)
{
    if (through->is_broken)
        return false;
    through->at = skip_space(through->at, through->end);
    if (through->at < through->end && *through->at == ',')
        through->at++;
    if (through->at >= through->end || *through->at == ']' || *through->at == '}')
        return false;
    return take(through, value);
}

bool next_member(struct walk *through, struct piece *key, struct piece *value)
{
    if (!next_item(through, key))
        return false;
    if (through->at >= through->end || *through->at != ':') {
        through->is_broken = true;
        return false;
    }
    through->at++;
    return take(through, value);
}

bool is_text(struct piece value, const char *text)
{
    size_t length = strlen(text);
    return value.length == length + 2 && value.at[0] == '"' && memcmp(value.at + 1, text, length) == 0;
}

long long as_number(struct piece value)
{
    long long number = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return 0;
        number = 10 * number + (value.at[i] - '0');
    }
    return number;
}
