#include "measure.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void die(const char *format, ...)
{
    va_list facts;
    va_start(facts, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, facts);
    fputc('\n', stderr);
    va_end(facts);
    exit(1);
}

void add_sample(struct samples *to, uint64_t from_ns, uint64_t until_ns)
{
    if (to->count == to->room) {
        to->room = to->room ? 2 * to->room : 4096;
        to->us = realloc(to->us, to->room * sizeof *to->us);
        if (to->us == NULL)
            die("no memory for %zu samples", to->room);
    }
    to->us[to->count++] = until_ns > from_ns ? (uint32_t)((until_ns - from_ns) / 1000) : 0;
}

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* The nearest-rank quantile: a value that was really measured, never one between two. */
static double quantile_ms(const struct samples *sorted, double share)
{
    size_t rank = (size_t)(share * (double)sorted->count + 0.999999);
    return sorted->us[rank ? rank - 1 : 0] / 1000.0;
}

void print_samples(FILE *out, const char *name, struct samples *of)
{
    if (of->count == 0) {
        fprintf(out, "\"%s\":null", name);
        return;
    }
    qsort(of->us, of->count, sizeof *of->us, by_size);
    fprintf(out, "\"%s\":{\"count\":%zu,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name, of->count,
            quantile_ms(of, 0.5), quantile_ms(of, 0.9), quantile_ms(of, 0.99), quantile_ms(of, 1.0));
}
