#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>

/* A checksum that grows with what is added to it. */
struct tally {
    unsigned long sum;
    size_t bytes;
};

/* Starts at nothing. */
void tally_init(struct tally *tally);

/* Adds `size` bytes at `data`. */
void tally_add(struct tally *tally, const void *data, size_t size);

#endif
