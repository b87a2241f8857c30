/* The stopwatch, and what many readings of it say together. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Nanoseconds of a clock that never jumps (CLOCK_MONOTONIC); only differences mean anything. */
uint64_t now_ns(void);

/* Say what is wrong in one sentence and end: a measurement that limps on would be believed. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Durations in microseconds, as many as come. */
struct samples {
    uint32_t *us;
    size_t count, room;
};

void add_sample(struct samples *to, uint64_t from_ns, uint64_t until_ns);

/* `"name":{"count":..,"p50":..,"p90":..,"p99":..,"max":..}` in milliseconds; sorts the samples. */
void print_samples(FILE *out, const char *name, struct samples *of);

#endif
