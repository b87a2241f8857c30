/* The book of arrivals: who came when, when the server answered, when each tablet showed it. */
#ifndef ARRIVALS_H
#define ARRIVALS_H

#include "json.h"
#include "measure.h"

#include <stdbool.h>
#include <stdint.h>

enum { ID_LENGTH = 36, SERIES = 26, NUMBERS = 1000 };

struct arrival {
    uint64_t due_ns;        /* when the customer stood there, whether or not a kiosk was free to say so */
    uint64_t route_sent_ns; /* 0 while it has not been sent */
    uint32_t visit_heard, ticket_heard; /* on how many tablets */
    uint32_t unix_ms_low;
    uint16_t unix_ms_high;
    bool is_measured; /* not of the warm-up */
    bool is_answered; /* every post that belongs to it */
};

struct book {
    struct arrival *of;
    size_t count, room;
    uint16_t run; /* in every id, so that another run's arrivals are not taken for ours */
    bool is_measuring;
    bool with_ticket; /* an arrival is a visit and its ticket; else the visit alone */
    uint32_t tablets;
    size_t measured, answered;
    uint64_t last_answer_ns;
    size_t http_codes[600];
    char first_refusal[300];
    size_t number_taken[SERIES][NUMBERS], numbers_twice;
    struct samples post, route, glass, glass_all, ticket_glass;
};

/* A customer who stands there since `due_ns`; gives their place in the book. */
uint32_t add_arrival(struct book *in, uint64_t due_ns);

/* Their visit's id, a UUIDv7 with the place in its last digits, and its end. */
char *write_visit_id(const struct book *of, uint32_t place, char *to);

/* A UUIDv7 that nobody has: for an Idempotency-Key. */
char *write_fresh_id(char *to);

/* The arrival with this visit id (a JSON string), or NULL when it is not one of ours. */
struct arrival *find_arrival(struct book *in, struct piece visit_id);

/* A tablet has the visit, or the ticket, on its glass. */
void note_visit_heard(struct book *in, struct arrival *who, uint64_t at_ns);
void note_ticket_heard(struct book *in, struct arrival *who, uint64_t at_ns);

/* The server's answer to a post. */
void note_visit_answer(struct book *in, struct arrival *who, int http_code, struct piece body, uint64_t at_ns);
void note_route_answer(struct book *in, struct arrival *who, int http_code, struct piece body, uint64_t at_ns);

/* How often an answered, measured arrival is missing on a tablet. */
size_t count_lost_news(const struct book *in);

#endif
