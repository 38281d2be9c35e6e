/*
 * Writes an Arrow IPC stream into a ring as one record.
 *
 *   writer [--ring PATH] [--create BYTES] [--frames] [--timeout MS] [--repeat N] [FILE | -]
 *
 * Without FILE it writes a small built-in batch of events, which have the time of the writing and always the same ids.
 */
#include "chronicle_ring.h"

#include "events_batch.h"

typedef struct {
  const char *ring;
  const char *file;
  uint64_t create;
  uint16_t kind;
  uint32_t timeout_ms;
  unsigned long repeat;
} options;

/* No --timeout: what the ring says. */
#define TIMEOUT_OF_RING UINT32_MAX

static int usage(void) {
  fputs("writer [--ring PATH] [--create BYTES] [--frames] [--timeout MS] [--repeat N] [FILE | -]\n", stderr);
  return 2;
}

static bool parse(int argc, char **argv, options *into) {
  for (int at = 1; at < argc; at++) {
    const char *name = argv[at];
    if (strcmp(name, "--frames") == 0) {
      into->kind = CHRONICLE_RING_FRAMES;
    } else if (strncmp(name, "--", 2) != 0) {
      into->file = name;
    } else if (at + 1 >= argc) {
      return false;
    } else if (strcmp(name, "--ring") == 0) {
      into->ring = argv[++at];
    } else if (strcmp(name, "--create") == 0) {
      into->create = strtoull(argv[++at], NULL, 10);
    } else if (strcmp(name, "--timeout") == 0) {
      into->timeout_ms = (uint32_t)strtoul(argv[++at], NULL, 10);
    } else if (strcmp(name, "--repeat") == 0) {
      into->repeat = strtoul(argv[++at], NULL, 10);
    } else {
      return false;
    }
  }
  return true;
}

/* All of a file, or of the standard input for "-". */
static uint8_t *read_all(const char *path, size_t *length) {
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (file == NULL) return NULL;
  size_t room = 65536;
  uint8_t *bytes = malloc(room);
  *length = 0;
  while (bytes != NULL) {
    size_t got = fread(bytes + *length, 1, room - *length, file);
    *length += got;
    if (got == 0) break;
    if (*length == room) {
      uint8_t *more = realloc(bytes, room *= 2);
      if (more == NULL) free(bytes);
      bytes = more;
    }
  }
  bool failed = ferror(file) != 0;
  if (file != stdin) fclose(file);
  if (!failed) return bytes;
  free(bytes);
  return NULL;
}

/* Gives the events of the built-in batch the time that it is, a millisecond apart. */
static void stamp_events(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  for (int event = 0; event < events_batch_events; event++) {
    int64_t time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + event * 1000000;
    memcpy(events_batch + events_batch_times_at + event * 8, &time_ns, 8);
  }
}

static int fail(const char *what, chronicle_ring_error error) {
  fprintf(stderr, "%s: %s\n", what, chronicle_ring_message(error));
  return 1;
}

static int write_records(const options *with, const uint8_t *bytes, size_t length) {
  chronicle_ring ring;
  chronicle_ring_error error = chronicle_ring_open(&ring, with->ring);
  if (error != CHRONICLE_RING_OK) return fail(with->ring, error);
  uint32_t timeout_ms = with->timeout_ms == TIMEOUT_OF_RING ? chronicle_ring_timeout_ms(&ring) : with->timeout_ms;
  for (unsigned long record = 0; record < with->repeat && error == CHRONICLE_RING_OK; record++) {
    error = chronicle_ring_write(&ring, with->kind, bytes, length, timeout_ms);
  }
  int code = error == CHRONICLE_RING_OK ? 0 : fail(with->ring, error);
  if (code == 0) printf(with->repeat == 1 ? "%lu record is in the ring\n" : "%lu records are in the ring\n", with->repeat);
  chronicle_ring_close(&ring);
  return code;
}

int main(int argc, char **argv) {
  options with = {"/tmp/chronicle_ring_buffer", NULL, 0, CHRONICLE_RING_EVENTS, TIMEOUT_OF_RING, 1};
  if (!parse(argc, argv, &with)) return usage();
  if (with.create > 0) {
    chronicle_ring_error error = chronicle_ring_create(with.ring, with.create);
    if (error != CHRONICLE_RING_OK && error != CHRONICLE_RING_EXISTS) return fail(with.ring, error);
  }
  if (with.file == NULL) {
    stamp_events();
    return write_records(&with, events_batch, sizeof events_batch);
  }
  size_t length;
  uint8_t *bytes = read_all(with.file, &length);
  if (bytes == NULL) {
    fprintf(stderr, "%s: %s\n", with.file, strerror(errno));
    return 1;
  }
  int code = write_records(&with, bytes, length);
  free(bytes);
  return code;
}
