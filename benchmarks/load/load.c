/* The load of a branch: tablets that listen and kiosks that post, on one clock, in one process, without Python.
 *
 *     load --port 8000 --keys FILE [--tablets 30] [--kiosks 8] [--rate 50] [--seconds 3] [--warm-up 1] [--most 900]
 *          [--services cash,account] [--seed 1]
 *
 * FILE holds one `cookie NAME=VALUE` a tablet and one `token VALUE` a device. With --rate, customers arrive at random
 * (exponential gaps), so many a second on average, and their time runs from when they stand there, also while every
 * kiosk is busy; without, each kiosk posts the next customer as soon as the last one is done (closed loop). With
 * --services each visit also takes a ticket for one of them, in turn.
 *
 * It joins the tablets, warms up, says `ready`, waits for a line on standard input, measures, and prints one JSON
 * object; durations in milliseconds. `glass` is the time from the customer's post to its `visit.arrived` on a tablet,
 * one sample for each arrival on each tablet; `glass_all` until the last tablet has it; `ticket_glass` from the post
 * for the ticket to its `ticket.issued`. `lost_news`, `gaps`, `numbers_twice` must be 0. When the server dies in the
 * middle it says so (`server_gone`) and tells what had been answered until then.
 */
#include "arrivals.h"
#include "kiosks.h"
#include "measure.h"
#include "tablets.h"
#include "wires.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

enum { HANDSHAKES_AT_ONCE = 24, EVENTS_AT_ONCE = 512, KEYS_MAX = 4096, SERVICES_MAX = 32 };
static const uint64_t SECOND_NS = 1000000000u;
static const double JOIN_S_MAX = 30, SETTLE_S_MAX = 5;

struct options {
    int port;
    const char *keys;
    size_t tablets, kiosks, most;
    double rate, seconds, warm_up_s;
    char *services;
    uint64_t seed;
};

struct bench {
    struct options asked;
    int epoll;
    char *cookies[KEYS_MAX], *tokens[KEYS_MAX], *services[SERVICES_MAX];
    size_t cookie_count, token_count, service_count;
    struct book book;
    struct lobby lobby;
    struct hall hall;
};

static struct options read_options(int count, char **words)
{
    struct options asked = {.kiosks = 8, .seconds = 3, .warm_up_s = 1, .most = SIZE_MAX, .seed = 1};
    static const struct option names[] = {
        {"port", 1, 0, 'p'},    {"keys", 1, 0, 'k'},     {"tablets", 1, 0, 't'},  {"kiosks", 1, 0, 'c'},
        {"rate", 1, 0, 'r'},    {"seconds", 1, 0, 's'},  {"warm-up", 1, 0, 'w'},  {"most", 1, 0, 'm'},
        {"seed", 1, 0, 'x'},    {"services", 1, 0, 'v'}, {0},
    };
    for (int which; (which = getopt_long(count, words, "", names, NULL)) != -1;) {
        switch (which) {
        case 'p': asked.port = atoi(optarg); break;
        case 'k': asked.keys = optarg; break;
        case 't': asked.tablets = strtoul(optarg, NULL, 10); break;
        case 'c': asked.kiosks = strtoul(optarg, NULL, 10); break;
        case 'm': asked.most = strtoul(optarg, NULL, 10); break;
        case 'r': asked.rate = strtod(optarg, NULL); break;
        case 's': asked.seconds = strtod(optarg, NULL); break;
        case 'w': asked.warm_up_s = strtod(optarg, NULL); break;
        case 'x': asked.seed = strtoull(optarg, NULL, 10); break;
        case 'v': asked.services = optarg; break;
        default: exit(2);
        }
    }
    if (asked.port == 0 || asked.keys == NULL || asked.kiosks == 0)
        die("needs --port, --keys and at least one kiosk");
    return asked;
}

static void read_keys(struct bench *of)
{
    FILE *file = fopen(of->asked.keys, "r");
    if (file == NULL)
        die("no keys at %s: %s", of->asked.keys, strerror(errno));
    char kind[16], value[256];
    while (fscanf(file, "%15s %255s", kind, value) == 2) {
        if (of->cookie_count == KEYS_MAX || of->token_count == KEYS_MAX)
            die("more than %d keys", KEYS_MAX);
        if (strcmp(kind, "cookie") == 0)
            of->cookies[of->cookie_count++] = strdup(value);
        else
            of->tokens[of->token_count++] = strdup(value);
    }
    fclose(file);
    if (of->token_count == 0 || of->cookie_count < of->asked.tablets)
        die("%zu cookies and %zu tokens for %zu tablets", of->cookie_count, of->token_count, of->asked.tablets);
}

static void read_services(struct bench *of)
{
    char *rest = of->asked.services;
    for (char *each; (each = strsep(&rest, ",")) != NULL;) {
        if (of->service_count == SERVICES_MAX)
            die("more than %d services", SERVICES_MAX);
        of->services[of->service_count++] = each;
    }
}

/* Wait for whatever comes, until `until_ns` at most, and let those serve it whom it came for. */
static void serve(struct bench *of, uint64_t until_ns)
{
    struct epoll_event came[EVENTS_AT_ONCE];
    uint64_t now = now_ns(), wait_ns = until_ns > now ? until_ns - now : 0;
    struct timespec wait = {(time_t)(wait_ns / SECOND_NS), (long)(wait_ns % SECOND_NS)};
    int count = epoll_pwait2(of->epoll, came, EVENTS_AT_ONCE, &wait, NULL);
    for (int i = 0; i < count; i++) {
        struct wire *wire = came[i].data.ptr;
        if (wire->kind == TABLET)
            serve_tablet(&of->lobby, (struct tablet *)wire);
        else
            serve_kiosk(&of->hall, (struct kiosk *)wire);
    }
}

/* A few at a time: a crowd at the door is another measurement. */
static void join_tablets(struct bench *of)
{
    struct lobby *lobby = &of->lobby;
    uint64_t until_ns = now_ns() + (uint64_t)(JOIN_S_MAX * 1e9);
    while (lobby->listening < lobby->count) {
        while (lobby->begun < lobby->count && lobby->begun - lobby->listening < HANDSHAKES_AT_ONCE)
            begin_tablet(lobby, of->asked.port, of->epoll, of->cookies[lobby->begun]);
        serve(of, now_ns() + SECOND_NS / 10);
        if (lobby->wounds.closed > 0 || now_ns() > until_ns)
            die("%zu of %zu tablets listen; the server said: %s", lobby->listening, lobby->count, lobby->said);
    }
}

static uint64_t next_gap_ns(double rate)
{
    double share = ((double)(chance() >> 11) + 1) / 9007199254740993.0;
    return (uint64_t)(-log(share) / rate * 1e9);
}

/* Customers come by their own clock; who finds no free kiosk waits in line, and their time runs. */
static void arrive_at_rate(struct bench *of, uint64_t end_ns, size_t most)
{
    size_t first = of->book.count;
    uint64_t due_ns = now_ns() + next_gap_ns(of->asked.rate);
    while (due_ns < end_ns && of->book.count - first < most && !of->hall.is_server_gone) {
        struct kiosk *at;
        while (due_ns <= now_ns() && due_ns < end_ns && (at = free_kiosk(&of->hall)) != NULL) {
            post_visit(&of->hall, at, add_arrival(&of->book, due_ns));
            due_ns += next_gap_ns(of->asked.rate);
        }
        // With every kiosk busy, only an answer can change anything.
        serve(of, due_ns <= now_ns() ? now_ns() + SECOND_NS / 10 : due_ns);
    }
}

static void arrive_in_turn(struct bench *of, uint64_t end_ns, size_t most)
{
    size_t first = of->book.count;
    while (now_ns() < end_ns && of->book.count - first < most && !of->hall.is_server_gone) {
        for (struct kiosk *at; of->book.count - first < most && (at = free_kiosk(&of->hall)) != NULL;)
            post_visit(&of->hall, at, add_arrival(&of->book, now_ns()));
        serve(of, end_ns);
    }
}

static bool is_settled(const struct bench *of)
{
    for (size_t i = 0; i < of->hall.count; i++)
        if (of->hall.kiosks[i].state != FREE)
            return false;
    return count_lost_news(&of->book) == 0;
}

/* Wait until every post is answered and every tablet has heard of everything, or patience ends. */
static void settle(struct bench *of)
{
    uint64_t until_ns = now_ns() + (uint64_t)(SETTLE_S_MAX * 1e9);
    while (!is_settled(of) && !of->hall.is_server_gone && now_ns() < until_ns)
        serve(of, now_ns() + SECOND_NS / 100);
}

/* Let them arrive for so long; gives when it began. */
static uint64_t run(struct bench *of, double seconds, size_t most)
{
    uint64_t begin_ns = now_ns(), end_ns = begin_ns + (uint64_t)(seconds * 1e9);
    if (of->asked.rate > 0)
        arrive_at_rate(of, end_ns, most);
    else
        arrive_in_turn(of, end_ns, most);
    settle(of);
    return begin_ns;
}

static void print_codes(const struct book *of)
{
    const char *between = "";
    printf("\"http_codes\":{");
    for (int code = 0; code < 600; code++) {
        if (of->http_codes[code] == 0)
            continue;
        printf("%s\"%d\":%zu", between, code, of->http_codes[code]);
        between = ",";
    }
    printf("},\"first_refusal\":\"");
    for (const char *at = of->first_refusal; *at; at++)
        if (*at != '"' && *at != '\\' && (unsigned char)*at >= ' ')
            putchar(*at);
    printf("\",");
}

static double own_cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void print_result(struct bench *of, uint64_t begin_ns, double cpu_s)
{
    struct book *book = &of->book;
    const struct wounds *wounds = &of->lobby.wounds;
    double took_s = book->answered ? (double)(book->last_answer_ns - begin_ns) / 1e9 : 0;
    printf("{\"tablets\":%zu,\"kiosks\":%zu,\"arrivals\":%zu,\"answered\":%zu,\"took_s\":%.3f,\"per_s\":%.2f,",
           of->lobby.count, of->hall.count, book->measured, book->answered, took_s,
           took_s > 0 ? (double)book->answered / took_s : 0.0);
    print_codes(book);
    printf("\"lost_news\":%zu,\"gaps\":%zu,\"numbers_twice\":%zu,", count_lost_news(book), wounds->gaps,
           book->numbers_twice);
    printf("\"closed\":%zu,\"unreadable\":%zu,\"reconnected\":%zu,", wounds->closed, wounds->unreadable,
           of->hall.reconnected);
    printf("\"server_gone\":%d,", of->hall.is_server_gone);
    printf("\"frames\":%zu,\"frame_bytes\":%zu,\"generator_cpu_s\":%.3f,", wounds->frames, wounds->bytes, cpu_s);
    print_samples(stdout, "post", &book->post);
    putchar(',');
    print_samples(stdout, "route", &book->route);
    putchar(',');
    print_samples(stdout, "glass", &book->glass);
    putchar(',');
    print_samples(stdout, "glass_all", &book->glass_all);
    putchar(',');
    print_samples(stdout, "ticket_glass", &book->ticket_glass);
    printf("}\n");
}

static void wait_for_a_line(void)
{
    printf("ready\n");
    fflush(stdout);
    int said;
    while ((said = getchar()) != '\n')
        if (said == EOF)
            exit(0); // Whoever started us is gone.
}

static void set_up(struct bench *of)
{
    const struct options *asked = &of->asked;
    seed_chance(asked->seed);
    of->epoll = epoll_create1(EPOLL_CLOEXEC);
    read_keys(of);
    read_services(of);
    of->book.run = (uint16_t)now_ns();
    of->book.tablets = (uint32_t)asked->tablets;
    of->book.with_ticket = of->service_count > 0;
    of->lobby = (struct lobby){.count = asked->tablets, .book = &of->book};
    of->lobby.tablets = calloc(asked->tablets + 1, sizeof(struct tablet));
    of->hall = (struct hall){
        .count = asked->kiosks,
        .port = asked->port,
        .epoll = of->epoll,
        .book = &of->book,
        .tokens = of->tokens,
        .token_count = of->token_count,
        .services = of->services,
        .service_count = of->service_count,
    };
    of->hall.kiosks = calloc(asked->kiosks, sizeof(struct kiosk));
    if (of->epoll < 0 || of->lobby.tablets == NULL || of->hall.kiosks == NULL)
        die("no memory for %zu tablets and %zu kiosks", asked->tablets, asked->kiosks);
}

int main(int count, char **words)
{
    static struct bench bench;
    struct bench *of = &bench;
    of->asked = read_options(count, words);
    set_up(of);
    join_tablets(of);
    open_kiosks(&of->hall);
    run(of, of->asked.warm_up_s, of->asked.most / 4);
    wait_for_a_line();
    of->book.is_measuring = true;
    of->lobby.wounds.frames = of->lobby.wounds.bytes = 0;
    double before_s = own_cpu_s();
    uint64_t begin_ns = run(of, of->asked.seconds, of->asked.most);
    print_result(of, begin_ns, own_cpu_s() - before_s);
    return 0;
}
