/* Kiosks: keep-alive HTTP clients that post an arrival and, if asked, take its ticket. */
#ifndef KIOSKS_H
#define KIOSKS_H

#include "arrivals.h"
#include "wires.h"

struct kiosk {
    struct wire wire;
    enum { FREE, POSTING_VISIT, POSTING_ROUTE } state;
    uint32_t place;    /* of the arrival at hand */
    const char *token; /* of that arrival: its visit and its ticket come from one device */
};

/* All kiosks, and what they need to ask. */
struct hall {
    struct kiosk *kiosks;
    size_t count;
    int port, epoll;
    struct book *book;
    char **tokens, **services;
    size_t token_count, service_count;
    size_t next_token, next_service;
    size_t reconnected;
    bool is_server_gone; /* nobody listens any more: whoever asks for a kill wants to know what was answered before */
};

void open_kiosks(struct hall *of);

/* Post the visit of this arrival at this (free) kiosk. */
void post_visit(struct hall *of, struct kiosk *at, uint32_t place);

/* Something has come for this kiosk; afterwards it may be free. */
void serve_kiosk(struct hall *of, struct kiosk *one);

/* A free kiosk, or NULL. */
struct kiosk *free_kiosk(struct hall *of);

#endif
