#include "arrivals.h"

#include "wires.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t add_arrival(struct book *in, uint64_t due_ns)
{
    if (in->count == in->room) {
        in->room = in->room ? 2 * in->room : 4096;
        in->of = realloc(in->of, in->room * sizeof *in->of);
        if (in->of == NULL)
            die("no memory for %zu arrivals", in->room);
    }
    uint64_t ms = unix_ms();
    in->of[in->count] = (struct arrival){
        .due_ns = due_ns,
        .unix_ms_low = (uint32_t)ms,
        .unix_ms_high = (uint16_t)(ms >> 32),
        .is_measured = in->is_measuring,
    };
    in->measured += in->is_measuring;
    return (uint32_t)in->count++;
}

static char *write_id(uint64_t ms, unsigned middle, unsigned run, uint32_t place, char *to)
{
    snprintf(to, ID_LENGTH + 1, "%08x-%04x-7%03x-8%03x-%04x%08x", (uint32_t)(ms >> 16) & 0xffffffffu,
             (unsigned)(ms & 0xffff), middle & 0xfff, middle >> 12 & 0xfff, run & 0xffff, place);
    return to + ID_LENGTH;
}

char *write_visit_id(const struct book *of, uint32_t place, char *to)
{
    const struct arrival *who = &of->of[place];
    return write_id((uint64_t)who->unix_ms_high << 32 | who->unix_ms_low, 0, of->run, place, to);
}

char *write_fresh_id(char *to)
{
    uint64_t bits = chance();
    return write_id(unix_ms(), (unsigned)(bits >> 40), (unsigned)(bits >> 20), (uint32_t)bits, to);
}

struct arrival *find_arrival(struct book *in, struct piece visit_id)
{
    char digits[13] = {0};
    if (visit_id.length != ID_LENGTH + 2)
        return NULL;
    memcpy(digits, visit_id.at + 1 + ID_LENGTH - 12, 12);
    uint64_t tail = strtoull(digits, NULL, 16);
    uint32_t place = (uint32_t)tail;
    return tail >> 32 == in->run && place < in->count ? &in->of[place] : NULL;
}

void note_visit_heard(struct book *in, struct arrival *who, uint64_t at_ns)
{
    who->visit_heard++;
    if (!who->is_measured)
        return;
    add_sample(&in->glass, who->due_ns, at_ns);
    if (who->visit_heard == in->tablets)
        add_sample(&in->glass_all, who->due_ns, at_ns);
}

void note_ticket_heard(struct book *in, struct arrival *who, uint64_t at_ns)
{
    who->ticket_heard++;
    if (who->is_measured)
        add_sample(&in->ticket_glass, who->route_sent_ns, at_ns);
}

static bool is_good(struct book *in, int http_code, struct piece body)
{
    in->http_codes[http_code]++;
    if (http_code >= 200 && http_code < 300)
        return true;
    if (in->first_refusal[0] == 0)
        snprintf(in->first_refusal, sizeof in->first_refusal, "%d %.*s", http_code, (int)body.length, body.at);
    return false;
}

static void note_whole(struct book *in, struct arrival *who, uint64_t at_ns)
{
    who->is_answered = true;
    if (who->is_measured) {
        in->answered++;
        in->last_answer_ns = at_ns;
    }
}

void note_visit_answer(struct book *in, struct arrival *who, int http_code, struct piece body, uint64_t at_ns)
{
    if (!is_good(in, http_code, body))
        return;
    if (who->is_measured)
        add_sample(&in->post, who->due_ns, at_ns);
    if (!in->with_ticket)
        note_whole(in, who, at_ns);
}

/* Count a number that two tickets have: the fault that kills trust in a queue. */
static void note_number(struct book *in, struct piece number)
{
    if (number.length < 6 || number.at[1] < 'A' || number.at[1] > 'Z')
        return;
    int ordinal = atoi(number.at + 2);
    if (ordinal >= 0 && ordinal < NUMBERS && in->number_taken[number.at[1] - 'A'][ordinal]++ > 0)
        in->numbers_twice++;
}

void note_route_answer(struct book *in, struct arrival *who, int http_code, struct piece body, uint64_t at_ns)
{
    if (!is_good(in, http_code, body))
        return;
    struct walk answer = enter(body);
    for (struct piece key, value; next_member(&answer, &key, &value);) {
        if (!is_text(key, "ticket"))
            continue;
        struct walk ticket = enter(value);
        while (next_member(&ticket, &key, &value))
            if (is_text(key, "number"))
                note_number(in, value);
    }
    if (who->is_measured)
        add_sample(&in->route, who->route_sent_ns, at_ns);
    note_whole(in, who, at_ns);
}

size_t count_lost_news(const struct book *in)
{
    size_t lost = 0;
    for (size_t i = 0; i < in->count; i++) {
        const struct arrival *who = &in->of[i];
        if (!who->is_measured || !who->is_answered)
            continue;
        lost += who->visit_heard < in->tablets ? in->tablets - who->visit_heard : 0;
        if (in->with_ticket)
            lost += who->ticket_heard < in->tablets ? in->tablets - who->ticket_heard : 0;
    }
    return lost;
}
