#include "tally.h"

#include <limits.h>
#include <zlib.h>

void tally_init(struct tally *tally)
{
    tally->sum = crc32(0, Z_NULL, 0);
    tally->bytes = 0;
}

void tally_add(struct tally *tally, const void *data, size_t size)
{
    const Bytef *next = data;

    tally->bytes += size;
    while (size > 0) {
        /* zlib counts in unsigned int. */
        uInt part = size > UINT_MAX ? UINT_MAX : (uInt)size;
        tally->sum = crc32(tally->sum, next, part);
        next += part;
        size -= part;
    }
}
