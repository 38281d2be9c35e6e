/* Writes the records of a file into a ring and says so after each: crash-writer RING FILE. See recordsFile in crash-records.ts. */
#include "chronicle_ring.h"

static uint8_t payload[1 << 20];

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  chronicle_ring ring;
  chronicle_ring_error error = chronicle_ring_open(&ring, argv[1]);
  FILE *file = fopen(argv[2], "rb");
  if (error != CHRONICLE_RING_OK || file == NULL) {
    fprintf(stderr, "%s\n", chronicle_ring_message(error));
    return 1;
  }
  uint32_t header[2];
  while (fread(header, 4, 2, file) == 2) {
    if (header[1] > sizeof payload || fread(payload, 1, header[1], file) != header[1]) return 1;
    error = chronicle_ring_write(&ring, (uint16_t)header[0], payload, header[1], 600000);
    if (error != CHRONICLE_RING_OK) {
      fprintf(stderr, "%s\n", chronicle_ring_message(error));
      return 1;
    }
    puts("written");
    fflush(stdout);
  }
  fclose(file);
  chronicle_ring_close(&ring);
  return 0;
}
