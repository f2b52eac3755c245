/* Prints the CRC-32 of its input, which zlib computes. */
#include <stdio.h>
#include <zlib.h>

int main(void) {
  unsigned char buffer[65536];
  uLong crc = crc32(0, NULL, 0);
  size_t length;
  while ((length = fread(buffer, 1, sizeof buffer, stdin)) > 0) crc = crc32(crc, buffer, (uInt)length);
  printf("%08lx\n", crc);
  return ferror(stdin) ? 1 : 0;
}
