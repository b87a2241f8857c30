/* Tablets: WebSocket clients that speak Engine.IO 4 and Socket.IO 5 and listen on the namespace /live. */
#ifndef TABLETS_H
#define TABLETS_H

#include "arrivals.h"
#include "wires.h"

struct tablet {
    struct wire wire;
    enum { UPGRADING, OPENING, JOINING, WELCOMED, LISTENING, CLOSED } state;
    long long seq; /* the last one heard */
};

/* What went wrong on all tablets together. */
struct wounds {
    size_t closed;     /* connections that the server ended */
    size_t gaps;       /* events whose prev_seq was not the last one heard */
    size_t unreadable; /* frames that we could not make sense of */
    size_t frames;     /* all that came, for scale */
    size_t bytes;
};

struct lobby {
    struct tablet *tablets;
    size_t count, listening, begun;
    struct book *book;
    struct wounds wounds;
    char said[200]; /* why the first connection was refused */
};

/* Begin the handshake of one more tablet, signed in with this cookie ("lobby=..."). */
void begin_tablet(struct lobby *of, int port, int epoll, const char *cookie);

/* Something has come for this tablet. */
void serve_tablet(struct lobby *of, struct tablet *one);

#endif
