#include "wires.h"

#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_AT_ONCE = 64 * 1024 };

bool open_wire(struct wire *on, int port, int epoll)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    on->length = 0;
    on->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (on->fd < 0)
        die("no more sockets: %s", strerror(errno));
    if (connect(on->fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close_wire(on);
        return false;
    }
    int yes = 1;
    setsockopt(on->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(on->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = on};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, on->fd, &interest) < 0)
        die("epoll: %s", strerror(errno));
    return true;
}

void close_wire(struct wire *on)
{
    if (on->fd >= 0)
        close(on->fd);
    on->fd = -1;
    on->length = 0;
}

bool receive(struct wire *on)
{
    for (;;) {
        if (on->room - on->length < READ_AT_ONCE) {
            on->room += READ_AT_ONCE;
            on->bytes = realloc(on->bytes, on->room);
            if (on->bytes == NULL)
                die("no memory for %zu bytes", on->room);
        }
        size_t free_bytes = on->room - on->length;
        ssize_t got = recv(on->fd, on->bytes + on->length, free_bytes, 0);
        if (got > 0)
            on->length += (size_t)got;
        if (got > 0 && (size_t)got < free_bytes)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
    }
}

void consume(struct wire *on, size_t count)
{
    memmove(on->bytes, on->bytes + count, on->length - count);
    on->length -= count;
}

bool send_all(struct wire *on, const void *bytes, size_t count)
{
    ssize_t sent = send(on->fd, bytes, count, MSG_NOSIGNAL);
    if (sent >= 0 && (size_t)sent != count)
        die("a socket took %zd of %zu bytes", sent, count);
    return sent >= 0;
}

/* xorshift64*, Vigna 2016. */
static uint64_t chance_state = 1;

void seed_chance(uint64_t seed)
{
    chance_state = seed * 0x9E3779B97F4A7C15u | 1;
}

uint64_t chance(void)
{
    chance_state ^= chance_state >> 12;
    chance_state ^= chance_state << 25;
    chance_state ^= chance_state >> 27;
    return chance_state * 0x2545F4914F6CDD1Du;
}
