/* The CRC by the processor, by the table, whole and in two parts: all the same, and the one that is published. */
#include "chronicle_ring.h"

int main(void) {
  uint8_t bytes[300];
  if (chronicle_crc32c(0, "123456789", 9) != 0xe3069283u) return 1;
  for (unsigned at = 0; at < sizeof bytes; at++) bytes[at] = (uint8_t)(at * 37 + 11);
  for (size_t length = 0; length <= sizeof bytes; length++) {
    uint32_t whole = chronicle_crc32c(0, bytes, length);
    if (~chronicle_crc32c_table(~0u, bytes, length) != whole) return 2;
    if (chronicle_crc32c(chronicle_crc32c(0, bytes, length / 3), bytes + length / 3, length - length / 3) != whole) return 3;
  }
  return 0;
}
