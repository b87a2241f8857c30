#include "tablets.h"

#include <stdio.h>
#include <string.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10, HEAD_MAX = 14, SMALL_MAX = 125 };

static const char REQUEST[] = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                              "Host: 127.0.0.1:%d\r\n"
                              "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9iYnkgYmVuY2htYXJrIQ==\r\n"
                              "Cookie: %s\r\n\r\n";
static const char JOIN[] = "40/live,{}";
static const char JOINED[] = "40/live,";
static const char REFUSED[] = "44/live,";
static const char EVENT[] = "42/live,";

void begin_tablet(struct lobby *of, int port, int epoll, const char *cookie)
{
    struct tablet *one = &of->tablets[of->begun++];
    one->wire.kind = TABLET;
    one->state = UPGRADING;
    one->seq = -1;
    if (!open_wire(&one->wire, port, epoll))
        die("nobody answers at 127.0.0.1:%d", port);
    char request[1024];
    int length = snprintf(request, sizeof request, REQUEST, port, cookie);
    send_all(&one->wire, request, (size_t)length);
}

/* A client's frame is masked (RFC 6455, section 5.3). All that we ever say is short. */
static void say(struct tablet *one, int opcode, const char *text, size_t length)
{
    unsigned char frame[6 + SMALL_MAX];
    uint64_t bits = chance();
    if (length > SMALL_MAX)
        length = SMALL_MAX;
    frame[0] = (unsigned char)(0x80 | opcode);
    frame[1] = (unsigned char)(0x80 | length);
    memcpy(frame + 2, &bits, 4);
    for (size_t i = 0; i < length; i++)
        frame[6 + i] = (unsigned char)text[i] ^ frame[2 + i % 4];
    send_all(&one->wire, frame, 6 + length);
}

static void give_up(struct lobby *of, struct tablet *one)
{
    of->wounds.closed++;
    of->listening -= one->state == LISTENING;
    one->state = CLOSED;
    close_wire(&one->wire);
}

static void begin_to_listen(struct lobby *of, struct tablet *one)
{
    of->listening += one->state != LISTENING;
    one->state = LISTENING;
}

/* One event of the news: link it to the one before, then see whether it tells of one of our arrivals. */
static void hear(struct lobby *of, struct tablet *one, struct piece event, uint64_t at_ns)
{
    struct piece type = {0}, content = {0}, key, value;
    long long seq = -1, prev_seq = -1;
    struct walk members = enter(event);
    while (next_member(&members, &key, &value)) {
        if (is_text(key, "seq"))
            seq = as_number(value);
        else if (is_text(key, "prev_seq"))
            prev_seq = as_number(value);
        else if (is_text(key, "type"))
            type = value;
        else if (is_text(key, "data"))
            content = value;
    }
    of->wounds.gaps += one->seq >= 0 && prev_seq != one->seq;
    of->wounds.unreadable += members.is_broken;
    one->seq = seq;
    bool is_visit = is_text(type, "visit.arrived"), is_ticket = is_text(type, "ticket.issued");
    if (!is_visit && !is_ticket)
        return;
    members = enter(content);
    while (next_member(&members, &key, &value)) {
        struct arrival *who = is_text(key, "visit_id") ? find_arrival(of->book, value) : NULL;
        if (who != NULL)
            (is_visit ? note_visit_heard : note_ticket_heard)(of->book, who, at_ns);
    }
}

/* `["news", {...}]`, `["beat", {...}]` or `["reset", {...}]`. */
static void hear_message(struct lobby *of, struct tablet *one, struct piece message, uint64_t at_ns)
{
    struct walk parts = enter(message);
    struct piece name, payload, key, value;
    if (!next_item(&parts, &name) || !next_item(&parts, &payload)) {
        of->wounds.unreadable++;
        return;
    }
    struct walk members = enter(payload);
    while (next_member(&members, &key, &value)) {
        if (is_text(key, "seq") && is_text(name, "reset"))
            one->seq = as_number(value);
        if (is_text(key, "seq") && is_text(name, "beat")) {
            of->wounds.gaps += one->seq >= 0 && as_number(value) != one->seq;
            one->seq = as_number(value);
        }
        if (!is_text(key, "events"))
            continue;
        struct walk events = enter(value);
        for (struct piece event; next_item(&events, &event);)
            hear(of, one, event, at_ns);
    }
    // What the server says first after the join is the welcome: from then on nothing may be missed.
    begin_to_listen(of, one);
}

static bool starts(struct piece text, const char *with)
{
    size_t length = strlen(with);
    return text.length >= length && memcmp(text.at, with, length) == 0;
}

static struct piece behind(struct piece text, const char *start)
{
    size_t length = strlen(start);
    return (struct piece){text.at + length, text.length - length};
}

/* One Engine.IO packet: `0` open, `2` ping, `4` message. */
static void hear_packet(struct lobby *of, struct tablet *one, struct piece packet, uint64_t at_ns)
{
    if (starts(packet, EVENT)) {
        hear_message(of, one, behind(packet, EVENT), at_ns);
    } else if (starts(packet, "2")) {
        say(one, TEXT, "3", 1);
    } else if (starts(packet, "0") && one->state == OPENING) {
        one->state = JOINING;
        say(one, TEXT, JOIN, sizeof JOIN - 1);
    } else if (starts(packet, JOINED)) {
        one->state = WELCOMED;
    } else if (starts(packet, REFUSED)) {
        snprintf(of->said, sizeof of->said, "%.*s", (int)packet.length, packet.at);
        give_up(of, one);
    } else {
        of->wounds.unreadable++;
    }
}

/* One frame from the server, which never masks and, for what we ask, never splits. Gives the bytes it took, 0 when it
   is not all there yet. */
static size_t hear_frame(struct lobby *of, struct tablet *one, const char *at, size_t length, uint64_t at_ns)
{
    const unsigned char *head = (const unsigned char *)at;
    if (length < 2)
        return 0;
    size_t start = 2, size = head[1] & 0x7f;
    if (size >= 126) {
        start = size == 126 ? 4 : 10;
        if (length < start)
            return 0;
        size = 0;
        for (size_t i = 2; i < start; i++)
            size = size << 8 | head[i];
    }
    if (length - start < size)
        return 0;
    of->wounds.frames++;
    of->wounds.bytes += size;
    int opcode = head[0] & 0x0f;
    if (opcode == TEXT && head[0] & 0x80)
        hear_packet(of, one, (struct piece){at + start, size}, at_ns);
    else if (opcode == PING)
        say(one, PONG, at + start, size);
    else if (opcode == CLOSE)
        give_up(of, one);
    else
        of->wounds.unreadable++;
    return start + size;
}

/* The answer to the upgrade; gives the bytes it took. */
static size_t hear_upgrade(struct lobby *of, struct tablet *one)
{
    char *end = memmem(one->wire.bytes, one->wire.length, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    if (one->wire.length < 12 || memcmp(one->wire.bytes + 9, "101", 3) != 0) {
        snprintf(of->said, sizeof of->said, "%.12s", one->wire.bytes);
        give_up(of, one);
        return 0;
    }
    one->state = OPENING;
    return (size_t)(end + 4 - one->wire.bytes);
}

void serve_tablet(struct lobby *of, struct tablet *one)
{
    bool is_there = receive(&one->wire);
    uint64_t at_ns = now_ns();
    size_t taken = one->state == UPGRADING ? hear_upgrade(of, one) : 0;
    while (one->state != UPGRADING && one->state != CLOSED) {
        size_t more = hear_frame(of, one, one->wire.bytes + taken, one->wire.length - taken, at_ns);
        if (more == 0)
            break;
        taken += more;
    }
    if (one->state == CLOSED)
        return;
    if (!is_there)
        give_up(of, one);
    else if (taken)
        consume(&one->wire, taken);
}
