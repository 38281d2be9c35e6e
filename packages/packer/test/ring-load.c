/* Writes a load at full speed: ring-load PATH RUN COUNT TIMEOUT_MS. A count of 0 goes on until it is killed. See loadPayload in ring-support.ts. */
#include "chronicle_ring.h"

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  uint32_t run = (uint32_t)strtoul(argv[2], NULL, 10);
  uint32_t count = (uint32_t)strtoul(argv[3], NULL, 10);
  uint32_t timeout_ms = (uint32_t)strtoul(argv[4], NULL, 10);
  chronicle_ring ring;
  chronicle_ring_error error = chronicle_ring_open(&ring, argv[1]);
  if (error != CHRONICLE_RING_OK) {
    fprintf(stderr, "%s\n", chronicle_ring_message(error));
    return (int)error;
  }
  puts("ready");
  fflush(stdout);
  unsigned long lost = 0;
  uint8_t payload[256];
  for (uint32_t counter = 0; count == 0 || counter < count; counter++) {
    size_t length = 8 + (counter * 7919u) % 193u;
    memcpy(payload, &run, 4);
    memcpy(payload + 4, &counter, 4);
    memset(payload + 8, (int)(counter & 0xffu), length - 8);
    error = chronicle_ring_write(&ring, CHRONICLE_RING_EVENTS, payload, length, timeout_ms);
    if (error == CHRONICLE_RING_LOST) lost++;
    else if (error != CHRONICLE_RING_OK) return (int)error;
  }
  chronicle_ring_close(&ring);
  printf("lost %lu\n", lost);
  return 0;
}
