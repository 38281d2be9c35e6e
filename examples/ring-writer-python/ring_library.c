/* The header of the ring as a library, for languages that call C: cc -shared -fPIC -O2 -I../ring-writer-c -o ring_library.so ring_library.c */
#include "chronicle_ring.h"

/* What it opened, or NULL and why not in `error`. */
chronicle_ring *ring_open(const char *path, int *error) {
  *error = CHRONICLE_RING_SYSTEM;
  chronicle_ring *ring = malloc(sizeof *ring);
  if (ring == NULL) return NULL;
  *error = (int)chronicle_ring_open(ring, path);
  if (*error == CHRONICLE_RING_OK) return ring;
  free(ring);
  return NULL;
}

/* Waits for room as long as the packer's ring_buffer.write_timeout says. */
int ring_write(chronicle_ring *ring, uint16_t kind, const uint8_t *payload, size_t length) {
  return (int)chronicle_ring_write(ring, kind, payload, length, chronicle_ring_timeout_ms(ring));
}

void ring_close(chronicle_ring *ring) {
  chronicle_ring_close(ring);
  free(ring);
}

const char *ring_message(int error) { return chronicle_ring_message((chronicle_ring_error)error); }
