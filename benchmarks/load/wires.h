/* A connection to the server: bytes in, bytes out, on the loopback. */
#ifndef WIRES_H
#define WIRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind { TABLET, KIOSK };

/* What `epoll` gives back; the first member of a tablet and of a kiosk. */
struct wire {
    enum kind kind;
    int fd;
    char *bytes; /* received and not yet consumed */
    size_t length, room;
};

/* Connect to 127.0.0.1 and have `epoll` watch it. False when nobody listens there. */
bool open_wire(struct wire *on, int port, int epoll);
void close_wire(struct wire *on);

/* Whatever has come, behind what is there already. False when the other side has closed. */
bool receive(struct wire *on);

/* Forget the first `count` bytes. */
void consume(struct wire *on, size_t count);

/* Send all of it. False when the other side has closed. What we send is far below any socket's buffer, so a socket that
   takes only a part of it stands on a machine that measures nothing. */
bool send_all(struct wire *on, const void *bytes, size_t count);

/* Random bits: not secret, only different. Seeded once. */
void seed_chance(uint64_t seed);
uint64_t chance(void);

#endif
