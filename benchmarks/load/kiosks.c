#include "kiosks.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX = 2048, ANSWER_MAX = 64 * 1024 };

static const char REQUEST[] = "POST %s HTTP/1.1\r\n"
                              "Host: 127.0.0.1:%d\r\n"
                              "Authorization: Bearer %s\r\n"
                              "Content-Type: application/json\r\n"
                              "Idempotency-Key: %s\r\n"
                              "Content-Length: %d\r\n\r\n%s";

void open_kiosks(struct hall *of)
{
    for (size_t i = 0; i < of->count; i++) {
        of->kiosks[i].wire.kind = KIOSK;
        of->kiosks[i].state = FREE;
        if (!open_wire(&of->kiosks[i].wire, of->port, of->epoll))
            die("nobody answers at 127.0.0.1:%d", of->port);
    }
}

struct kiosk *free_kiosk(struct hall *of)
{
    for (size_t i = 0; i < of->count; i++)
        if (of->kiosks[i].state == FREE)
            return &of->kiosks[i];
    return NULL;
}

static void start_anew(struct hall *of, struct kiosk *one)
{
    close_wire(&one->wire);
    one->state = FREE;
    of->reconnected++;
    if (!open_wire(&one->wire, of->port, of->epoll))
        of->is_server_gone = true;
}

static void post(struct hall *of, struct kiosk *at, const char *path, const char *body)
{
    char request[REQUEST_MAX], key[ID_LENGTH + 1];
    write_fresh_id(key);
    int length = snprintf(request, sizeof request, REQUEST, path, of->port, at->token, key, (int)strlen(body), body);
    if (length >= REQUEST_MAX)
        die("a request of %d bytes", length);
    if (!send_all(&at->wire, request, (size_t)length))
        start_anew(of, at);
}

void post_visit(struct hall *of, struct kiosk *at, uint32_t place)
{
    char id[ID_LENGTH + 1], body[200];
    write_visit_id(of->book, place, id);
    snprintf(body, sizeof body, "{\"visit_id\":\"%s\",\"credential\":{\"kind\":\"none\"},\"language\":\"zh-CN\"}", id);
    at->place = place;
    at->state = POSTING_VISIT;
    // In turn, because one device may ask 60 times a second.
    at->token = of->tokens[of->next_token++ % of->token_count];
    post(of, at, "/api/v1/visits", body);
}

static void post_route(struct hall *of, struct kiosk *at)
{
    char id[ID_LENGTH + 1], path[100], body[200];
    write_visit_id(of->book, at->place, id);
    snprintf(path, sizeof path, "/api/v1/visits/%s/route", id);
    const char *service = of->services[of->next_service++ % of->service_count];
    snprintf(body, sizeof body, "{\"service_type\":\"%s\",\"choice\":\"ticket\"}", service);
    of->book->of[at->place].route_sent_ns = now_ns();
    at->state = POSTING_ROUTE;
    post(of, at, path, body);
}

static bool is_success(int http_code)
{
    return http_code >= 200 && http_code < 300;
}

static void take_answer(struct hall *of, struct kiosk *one, int http_code, struct piece body, uint64_t at_ns)
{
    struct arrival *who = &of->book->of[one->place];
    if (one->state == POSTING_ROUTE) {
        note_route_answer(of->book, who, http_code, body, at_ns);
        one->state = FREE;
        return;
    }
    note_visit_answer(of->book, who, http_code, body, at_ns);
    if (of->book->with_ticket && is_success(http_code))
        post_route(of, one);
    else
        one->state = FREE;
}

/* The value of Content-Length, or -1: the servers measured here always say it. */
static long content_length(const char *head, const char *end)
{
    for (const char *at = head; at != NULL && at < end; at = memmem(at, (size_t)(end - at), "\r\n", 2)) {
        at += 2 * (at != head);
        if (end - at > 15 && strncasecmp(at, "content-length:", 15) == 0)
            return strtol(at + 15, NULL, 10);
    }
    return -1;
}

void serve_kiosk(struct hall *of, struct kiosk *one)
{
    bool is_there = receive(&one->wire);
    uint64_t at_ns = now_ns();
    char *head = one->wire.bytes, *end = memmem(head, one->wire.length, "\r\n\r\n", 4);
    if (end != NULL && one->state != FREE) {
        long size = content_length(head, end);
        size_t start = (size_t)(end + 4 - head);
        int http_code = atoi(head + 9);
        if (size < 0 || http_code < 100 || http_code > 599)
            die("an answer that is not HTTP as we know it: %.200s", head);
        if (size > ANSWER_MAX)
            die("an answer of %ld bytes", size);
        if (one->wire.length - start >= (size_t)size) {
            // Out of the wire first: taking the answer may send the next request, or open the wire anew.
            static char answer[ANSWER_MAX];
            memcpy(answer, end + 4, (size_t)size);
            consume(&one->wire, start + (size_t)size);
            take_answer(of, one, http_code, (struct piece){answer, (size_t)size}, at_ns);
        }
    }
    if (!is_there)
        start_anew(of, one);
}
