/* Walking through JSON in place: enough to find a member, nothing is copied, nothing is built. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of the text: a whole value, a string with its quotes. */
struct piece {
    const char *at;
    size_t length;
};

/* A walk through one object or array. Begin with `enter`, then ask for the next until it says no. */
struct walk {
    const char *at, *end;
    bool is_broken;
};

struct walk enter(struct piece value);
bool next_member(struct walk *through, struct piece *key, struct piece *value);
bool next_item(struct walk *through, struct piece *value);

/* Whether a string value, quotes and all, is this text (which needs no escapes). */
bool is_text(struct piece value, const char *text);

/* Whole numbers only; anything else is 0. */
long long as_number(struct piece value);

#endif
