/*
 * Writes records into a Chronicle ring: one header, C11, POSIX, nothing to link.
 *
 *   chronicle_ring ring;
 *   int error = chronicle_ring_create(path, 64u << 20);          // CHRONICLE_RING_EXISTS is fine
 *   if ((error = chronicle_ring_open(&ring, path)) != CHRONICLE_RING_OK) ...
 *   error = chronicle_ring_write(&ring, CHRONICLE_RING_EVENTS, bytes, length, 1000);
 *   chronicle_ring_close(&ring);
 *
 * A payload is one whole Arrow IPC stream. The format of the file, and why a writer may die at any instruction, stand in docs/RING.md; the
 * offsets below are those drawn there. A ring has one writer: one process, and in it one thread at a time. Little-endian machines only.
 *
 * Needs POSIX.1-2008: compile with -D_XOPEN_SOURCE=700, or include this file before any other.
 */
#ifndef CHRONICLE_RING_H
#define CHRONICLE_RING_H

#if !defined(_XOPEN_SOURCE) && !defined(_GNU_SOURCE) && !defined(__APPLE__)
#define _XOPEN_SOURCE 700
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a ring is little-endian, and this header stores words as they are"
#endif

enum { CHRONICLE_RING_EVENTS = 1, CHRONICLE_RING_FRAMES = 2 };

typedef enum {
  CHRONICLE_RING_OK = 0,
  CHRONICLE_RING_LOST,      /* no room within the timeout: counted in the ring, not written */
  CHRONICLE_RING_TOO_LARGE, /* more than chronicle_ring_payload_max */
  CHRONICLE_RING_INVALID,   /* an argument is out of its range */
  CHRONICLE_RING_MISSING,   /* no file there: create it first */
  CHRONICLE_RING_EXISTS,    /* there is a file already */
  CHRONICLE_RING_UNTRUSTED, /* not a regular file of this user with mode 0600 */
  CHRONICLE_RING_FOREIGN,   /* not a ring */
  CHRONICLE_RING_NEWER,     /* a ring of a version that this header does not know */
  CHRONICLE_RING_DAMAGED,   /* it contradicts itself; a packer that opens it may set it right */
  CHRONICLE_RING_BUSY,      /* another process writes */
  CHRONICLE_RING_REMOVED,   /* the file, or its lock, was removed while open: close, create, open again */
  CHRONICLE_RING_SYSTEM     /* errno says what */
} chronicle_ring_error;

typedef struct {
  int fd;
  int lock_fd;
  uint8_t *map;
  size_t map_bytes;
  uint64_t capacity;
  uint32_t salt;
  uint64_t position; /* of this writer; the file has it too */
  uint64_t sequence;
  uint64_t lost_records;
  uint64_t lost_bytes;
  uint64_t checked_ms;
  ino_t lock_inode;
  char lock_path[4096];
} chronicle_ring;

enum {
  CHRONICLE_RING_PAGE = 4096,
  CHRONICLE_RING_AT_CAPACITY = 8,
  CHRONICLE_RING_AT_ID = 16,
  CHRONICLE_RING_AT_CREATED = 32,
  CHRONICLE_RING_AT_CRC = 60,
  CHRONICLE_RING_AT_WRITE = 128,
  CHRONICLE_RING_AT_SEQUENCE = 136,
  CHRONICLE_RING_AT_LAST_WRITE = 144,
  CHRONICLE_RING_AT_LOST_RECORDS = 152,
  CHRONICLE_RING_AT_LOST_BYTES = 160,
  CHRONICLE_RING_AT_WRITER_PID = 168,
  CHRONICLE_RING_AT_READ = 256,
  CHRONICLE_RING_AT_THRESHOLD = 264,
  CHRONICLE_RING_AT_FLAG = 276,
  CHRONICLE_RING_AT_WRITE_TIMEOUT = 280,
  CHRONICLE_RING_RECORD_HEADER = 32,
  CHRONICLE_RING_WRAP = 0xffff
};

_Static_assert(sizeof(_Atomic uint64_t) == 8, "a position is stored by one instruction");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a position is stored without a lock");

/* CRC-32C (Castagnoli), by the processor where it can. */

static inline uint32_t chronicle_crc32c_table(uint32_t crc, const uint8_t *bytes, size_t length) {
  static _Atomic bool ready;
  static uint32_t table[256];
  if (!atomic_load_explicit(&ready, memory_order_acquire)) {
    for (uint32_t byte = 0; byte < 256; byte++) {
      uint32_t entry = byte;
      for (int bit = 0; bit < 8; bit++) entry = entry & 1u ? (entry >> 1) ^ 0x82f63b78u : entry >> 1;
      table[byte] = entry;
    }
    atomic_store_explicit(&ready, true, memory_order_release);
  }
  while (length-- > 0) crc = table[(crc ^ *bytes++) & 0xffu] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("sse4.2"))) static inline uint32_t chronicle_crc32c_hardware(uint32_t crc, const uint8_t *bytes,
                                                                                   size_t length) {
  uint64_t wide = crc;
  for (; length >= 8; bytes += 8, length -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = (uint32_t)wide;
  for (; length > 0; length--) crc = _mm_crc32_u8(crc, *bytes++);
  return crc;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
static inline uint32_t chronicle_crc32c_hardware(uint32_t crc, const uint8_t *bytes, size_t length) {
  for (; length >= 8; bytes += 8, length -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    crc = __crc32cd(crc, word);
  }
  for (; length > 0; length--) crc = __crc32cb(crc, *bytes++);
  return crc;
}
#endif

/* Continued from `initial`, the CRC of what came before, or 0. */
static inline uint32_t chronicle_crc32c(uint32_t initial, const void *bytes, size_t length) {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("sse4.2")) return ~chronicle_crc32c_hardware(~initial, (const uint8_t *)bytes, length);
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
  return ~chronicle_crc32c_hardware(~initial, (const uint8_t *)bytes, length);
#endif
  return ~chronicle_crc32c_table(~initial, (const uint8_t *)bytes, length);
}

/* Words of the header page. */

static inline _Atomic uint64_t *chronicle_ring_word(const chronicle_ring *ring, size_t at) {
  return (_Atomic uint64_t *)(void *)(ring->map + at);
}

static inline void chronicle_ring_put(const chronicle_ring *ring, size_t at, uint64_t value) {
  atomic_store_explicit(chronicle_ring_word(ring, at), value, memory_order_relaxed);
}

static inline uint64_t chronicle_ring_position_word(uint32_t salt, uint64_t position) {
  uint64_t units = position / 8;
  return units | (uint64_t)(chronicle_crc32c(salt, &units, 8) & 0x3fffu) << 50;
}

/* False where the word's check stays wrong: torn, or written by a stranger. */
static inline bool chronicle_ring_load(const chronicle_ring *ring, size_t at, uint64_t *position) {
  for (int reads = 0; reads < 64; reads++) {
    uint64_t word = atomic_load_explicit(chronicle_ring_word(ring, at), memory_order_acquire);
    *position = (word & ((1ull << 50) - 1)) * 8;
    if (word == chronicle_ring_position_word(ring->salt, *position)) return true;
  }
  return false;
}

static inline uint64_t chronicle_ring_wall_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static inline uint64_t chronicle_ring_monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static inline uint64_t chronicle_ring_record_bytes(uint64_t payload) {
  return (CHRONICLE_RING_RECORD_HEADER + payload + 7) & ~7ull;
}

/* The largest payload: half of the capacity, header included, fits into an empty ring wherever its write position stands. */
static inline uint64_t chronicle_ring_payload_max(const chronicle_ring *ring) {
  uint64_t most = ring->capacity / 16 * 8 - CHRONICLE_RING_RECORD_HEADER;
  return most < (1u << 30) ? most : 1u << 30;
}

static inline void chronicle_ring_put_header(const chronicle_ring *ring, uint64_t position, uint64_t sequence,
                                             uint32_t length, uint16_t kind, uint32_t payload_crc) {
  uint8_t header[CHRONICLE_RING_RECORD_HEADER] = {0};
  memcpy(header + 4, &payload_crc, 4);
  memcpy(header + 8, &position, 8);
  memcpy(header + 16, &sequence, 8);
  memcpy(header + 24, &length, 4);
  memcpy(header + 28, &kind, 2);
  uint32_t crc = chronicle_crc32c(ring->salt, header + 4, sizeof header - 4);
  memcpy(header, &crc, 4);
  memcpy(ring->map + CHRONICLE_RING_PAGE + position % ring->capacity, header, sizeof header);
}

/* Bytes that are not released yet. What cannot be known, or cannot be, counts as a full ring. */
static inline uint64_t chronicle_ring_used(const chronicle_ring *ring) {
  uint64_t read;
  if (!chronicle_ring_load(ring, CHRONICLE_RING_AT_READ, &read)) return ring->capacity;
  if (read > ring->position || ring->position - read > ring->capacity) return ring->capacity;
  return ring->position - read;
}

/* True while the packer is behind: record less. Sets or clears the flag in the ring, and looks again after its store. */
static inline bool chronicle_ring_pressed(const chronicle_ring *ring) {
  _Atomic uint32_t *flag = (_Atomic uint32_t *)(void *)(ring->map + CHRONICLE_RING_AT_FLAG);
  bool pressed = false;
  for (int rounds = 0; rounds < 3; rounds++) {
    uint64_t threshold = atomic_load(chronicle_ring_word(ring, CHRONICLE_RING_AT_THRESHOLD));
    pressed = chronicle_ring_used(ring) > threshold;
    if ((atomic_load(flag) != 0) == pressed) break;
    atomic_store(flag, pressed ? 1u : 0u);
  }
  return pressed;
}

/* The lock: write locks on the bytes that SQLite locks for an exclusive transaction, on a file that stays empty. */

static inline bool chronicle_ring_is_ours(const struct stat *info) {
  if (!S_ISREG(info->st_mode) || (info->st_mode & 077) != 0) return false;
  return geteuid() == 0 || info->st_uid == geteuid();
}

static inline chronicle_ring_error chronicle_ring_lock(chronicle_ring *ring, const char *path) {
  int length = snprintf(ring->lock_path, sizeof ring->lock_path, "%s.writer-lock", path);
  if (length < 0 || (size_t)length >= sizeof ring->lock_path) return CHRONICLE_RING_INVALID;
  ring->lock_fd = open(ring->lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (ring->lock_fd < 0) return CHRONICLE_RING_SYSTEM;
  struct stat info;
  if (fstat(ring->lock_fd, &info) != 0) return CHRONICLE_RING_SYSTEM;
  if (!chronicle_ring_is_ours(&info)) return CHRONICLE_RING_UNTRUSTED;
  ring->lock_inode = info.st_ino;
  struct flock lock;
  memset(&lock, 0, sizeof lock);
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 0x40000000;
  lock.l_len = 512;
  if (fcntl(ring->lock_fd, F_SETLK, &lock) == 0) return CHRONICLE_RING_OK;
  return errno == EAGAIN || errno == EACCES ? CHRONICLE_RING_BUSY : CHRONICLE_RING_SYSTEM;
}

/* Once a second: a ring that was removed and made again elsewhere must not be written to any more. */
static inline bool chronicle_ring_is_there(chronicle_ring *ring) {
  uint64_t now = chronicle_ring_monotonic_ms();
  if (now - ring->checked_ms < 1000) return true;
  struct stat file, lock;
  if (fstat(ring->fd, &file) != 0 || file.st_nlink == 0) return false;
  if (lstat(ring->lock_path, &lock) != 0 || lock.st_ino != ring->lock_inode) return false;
  ring->checked_ms = now;
  return true;
}

static inline void chronicle_ring_close(chronicle_ring *ring) {
  if (ring->map != NULL) {
    atomic_store((_Atomic uint32_t *)(void *)(ring->map + CHRONICLE_RING_AT_WRITER_PID), 0u);
    munmap(ring->map, ring->map_bytes);
  }
  if (ring->fd >= 0) close(ring->fd);
  if (ring->lock_fd >= 0) close(ring->lock_fd);
  ring->map = NULL;
  ring->fd = ring->lock_fd = -1;
}

/* Checks the header page and maps the file. */
static inline chronicle_ring_error chronicle_ring_map(chronicle_ring *ring, const struct stat *info) {
  uint8_t page[CHRONICLE_RING_PAGE];
  uint16_t version;
  uint32_t crc;
  if (pread(ring->fd, page, sizeof page, 0) != (ssize_t)sizeof page || memcmp(page, "CHRB", 4) != 0) {
    return CHRONICLE_RING_FOREIGN;
  }
  memcpy(&version, page + 4, 2);
  memcpy(&crc, page + CHRONICLE_RING_AT_CRC, 4);
  memcpy(&ring->capacity, page + CHRONICLE_RING_AT_CAPACITY, 8);
  if (crc != chronicle_crc32c(0, page, CHRONICLE_RING_AT_CRC)) return CHRONICLE_RING_DAMAGED;
  if (version != 1) return CHRONICLE_RING_NEWER;
  if (ring->capacity < 1024 || ring->capacity % 8 != 0) return CHRONICLE_RING_DAMAGED;
  if ((uint64_t)info->st_size != CHRONICLE_RING_PAGE + ring->capacity) return CHRONICLE_RING_DAMAGED;
  ring->salt = chronicle_crc32c(0, page + CHRONICLE_RING_AT_ID, 16);
  ring->map_bytes = (size_t)(CHRONICLE_RING_PAGE + ring->capacity);
  void *map = mmap(NULL, ring->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
  if (map == MAP_FAILED) return CHRONICLE_RING_SYSTEM;
  ring->map = (uint8_t *)map;
  return CHRONICLE_RING_OK;
}

static inline chronicle_ring_error chronicle_ring_start(chronicle_ring *ring, const char *path) {
  ring->fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (ring->fd < 0) return errno == ENOENT ? CHRONICLE_RING_MISSING : CHRONICLE_RING_SYSTEM;
  struct stat info;
  if (fstat(ring->fd, &info) != 0) return CHRONICLE_RING_SYSTEM;
  if (!chronicle_ring_is_ours(&info)) return CHRONICLE_RING_UNTRUSTED;
  chronicle_ring_error error = chronicle_ring_lock(ring, path);
  if (error == CHRONICLE_RING_OK) error = chronicle_ring_map(ring, &info);
  if (error != CHRONICLE_RING_OK) return error;
  uint64_t read;
  if (!chronicle_ring_load(ring, CHRONICLE_RING_AT_WRITE, &ring->position)) return CHRONICLE_RING_DAMAGED;
  if (chronicle_ring_load(ring, CHRONICLE_RING_AT_READ, &read) && read > ring->position) return CHRONICLE_RING_DAMAGED;
  ring->sequence = atomic_load(chronicle_ring_word(ring, CHRONICLE_RING_AT_SEQUENCE));
  ring->lost_records = atomic_load(chronicle_ring_word(ring, CHRONICLE_RING_AT_LOST_RECORDS));
  ring->lost_bytes = atomic_load(chronicle_ring_word(ring, CHRONICLE_RING_AT_LOST_BYTES));
  atomic_store((_Atomic uint32_t *)(void *)(ring->map + CHRONICLE_RING_AT_WRITER_PID), (uint32_t)getpid());
  return CHRONICLE_RING_OK;
}

/* Takes the writer's side. On any error nothing is held. A process opens a ring once: fcntl locks do not exclude their own process. */
static inline chronicle_ring_error chronicle_ring_open(chronicle_ring *ring, const char *path) {
  memset(ring, 0, sizeof *ring);
  ring->fd = ring->lock_fd = -1;
  chronicle_ring_error error = chronicle_ring_start(ring, path);
  if (error != CHRONICLE_RING_OK) {
    int saved = errno;
    if (ring->map != NULL) munmap(ring->map, ring->map_bytes);
    ring->map = NULL;
    chronicle_ring_close(ring);
    errno = saved;
  }
  return error;
}

/* How long to wait for room, as the packer has stored it (ring_buffer.write_timeout): for `chronicle_ring_write`. */
static inline uint32_t chronicle_ring_timeout_ms(const chronicle_ring *ring) {
  uint32_t stored = atomic_load((_Atomic uint32_t *)(void *)(ring->map + CHRONICLE_RING_AT_WRITE_TIMEOUT));
  return stored == 0 ? 1000u : stored;
}

/* Waits until `bytes` are free; false once the deadline has passed. */
static inline bool chronicle_ring_wait(const chronicle_ring *ring, uint64_t bytes, uint32_t timeout_ms) {
  if (ring->capacity - chronicle_ring_used(ring) >= bytes) return true;
  chronicle_ring_pressed(ring);
  uint64_t deadline = chronicle_ring_monotonic_ms() + timeout_ms;
  struct timespec pause = {0, 50000};
  for (;;) {
    if (ring->capacity - chronicle_ring_used(ring) >= bytes) return true;
    if (chronicle_ring_monotonic_ms() >= deadline) return false;
    nanosleep(&pause, NULL);
    if (pause.tv_nsec < 8000000) pause.tv_nsec *= 2;
  }
}

/* Counts a record that was not written. It takes a sequence number, so that the reader sees the gap. */
static inline void chronicle_ring_lose(chronicle_ring *ring, size_t length) {
  chronicle_ring_put(ring, CHRONICLE_RING_AT_SEQUENCE, ++ring->sequence);
  chronicle_ring_put(ring, CHRONICLE_RING_AT_LOST_RECORDS, ++ring->lost_records);
  chronicle_ring_put(ring, CHRONICLE_RING_AT_LOST_BYTES, ring->lost_bytes += length);
}

/*
 * Writes one record, waiting up to `timeout_ms` for room. The bytes come first, the sequence next, the write position last, by one store with release
 * order: a writer that dies before it leaves nothing that a reader looks at, at most a gap in the sequence.
 */
static inline chronicle_ring_error chronicle_ring_write(chronicle_ring *ring, uint16_t kind, const void *payload,
                                                        size_t length, uint32_t timeout_ms) {
  if (kind != CHRONICLE_RING_EVENTS && kind != CHRONICLE_RING_FRAMES) return CHRONICLE_RING_INVALID;
  if (length > chronicle_ring_payload_max(ring)) return CHRONICLE_RING_TOO_LARGE;
  if (!chronicle_ring_is_there(ring)) return CHRONICLE_RING_REMOVED;
  uint64_t bytes = chronicle_ring_record_bytes(length);
  uint64_t rest = ring->capacity - ring->position % ring->capacity;
  uint64_t skipped = rest < bytes ? rest : 0;
  if (!chronicle_ring_wait(ring, skipped + bytes, timeout_ms)) {
    chronicle_ring_lose(ring, length);
    return CHRONICLE_RING_LOST;
  }
  uint64_t sequence = ring->sequence + 1;
  if (skipped >= CHRONICLE_RING_RECORD_HEADER) {
    uint32_t covered = (uint32_t)(skipped - CHRONICLE_RING_RECORD_HEADER);
    chronicle_ring_put_header(ring, ring->position, sequence, covered, CHRONICLE_RING_WRAP, 0);
  }
  uint64_t position = ring->position + skipped;
  uint8_t *place = ring->map + CHRONICLE_RING_PAGE + position % ring->capacity;
  if (length > 0) memcpy(place + CHRONICLE_RING_RECORD_HEADER, payload, length);
  uint32_t crc = length > 0 ? chronicle_crc32c(0, payload, length) : 0;
  chronicle_ring_put_header(ring, position, sequence, (uint32_t)length, kind, crc);
  chronicle_ring_put(ring, CHRONICLE_RING_AT_SEQUENCE, sequence);
  chronicle_ring_put(ring, CHRONICLE_RING_AT_LAST_WRITE, chronicle_ring_wall_ms());
  uint64_t word = chronicle_ring_position_word(ring->salt, position + bytes);
  atomic_store_explicit(chronicle_ring_word(ring, CHRONICLE_RING_AT_WRITE), word, memory_order_release);
  ring->sequence = sequence;
  ring->position = position + bytes;
  chronicle_ring_pressed(ring);
  return CHRONICLE_RING_OK;
}

/* Making a ring. */

static inline bool chronicle_ring_write_all(int fd, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    length -= (size_t)written;
  }
  return true;
}

static inline bool chronicle_ring_random(uint8_t *bytes, size_t length) {
  int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool filled = read(fd, bytes, length) == (ssize_t)length;
  close(fd);
  return filled;
}

static inline bool chronicle_ring_fill(int fd, uint64_t capacity, const uint8_t *id) {
  static const uint8_t zeros[65536];
  uint8_t page[CHRONICLE_RING_PAGE] = {0};
  uint16_t version = 1;
  uint64_t created = chronicle_ring_wall_ms(), threshold = capacity / 10 * 8 + capacity % 10 * 8 / 10;
  memcpy(page, "CHRB", 4);
  memcpy(page + 4, &version, 2);
  memcpy(page + CHRONICLE_RING_AT_CAPACITY, &capacity, 8);
  memcpy(page + CHRONICLE_RING_AT_ID, id, 16);
  memcpy(page + CHRONICLE_RING_AT_CREATED, &created, 8);
  uint32_t crc = chronicle_crc32c(0, page, CHRONICLE_RING_AT_CRC);
  memcpy(page + CHRONICLE_RING_AT_CRC, &crc, 4);
  uint64_t start = chronicle_ring_position_word(chronicle_crc32c(0, id, 16), 0);
  memcpy(page + CHRONICLE_RING_AT_WRITE, &start, 8);
  memcpy(page + CHRONICLE_RING_AT_READ, &start, 8);
  memcpy(page + CHRONICLE_RING_AT_THRESHOLD, &threshold, 8);
  if (!chronicle_ring_write_all(fd, page, sizeof page)) return false;
  for (uint64_t done = 0; done < capacity; done += sizeof zeros) {
    uint64_t left = capacity - done;
    if (!chronicle_ring_write_all(fd, zeros, left < sizeof zeros ? (size_t)left : sizeof zeros)) return false;
  }
  return fsync(fd) == 0;
}

/* Makes a ring with mode 0600. It gets its name only once all its blocks are written: a mapped store never meets a full disk. */
static inline chronicle_ring_error chronicle_ring_create(const char *path, uint64_t capacity) {
  uint8_t id[16];
  char temporary[4096];
  if (capacity < 1024 || capacity > 1ull << 36 || capacity % 8 != 0) return CHRONICLE_RING_INVALID;
  if (access(path, F_OK) == 0) return CHRONICLE_RING_EXISTS;
  if (!chronicle_ring_random(id, sizeof id)) return CHRONICLE_RING_SYSTEM;
  uint64_t tag;
  memcpy(&tag, id, 8);
  int length = snprintf(temporary, sizeof temporary, "%s.%016llx.new", path, (unsigned long long)tag);
  if (length < 0 || (size_t)length >= sizeof temporary) return CHRONICLE_RING_INVALID;
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return CHRONICLE_RING_SYSTEM;
  chronicle_ring_error error = chronicle_ring_fill(fd, capacity, id) ? CHRONICLE_RING_OK : CHRONICLE_RING_SYSTEM;
  if (error == CHRONICLE_RING_OK && link(temporary, path) != 0) {
    error = errno == EEXIST ? CHRONICLE_RING_EXISTS : CHRONICLE_RING_SYSTEM;
  }
  int saved = errno;
  close(fd);
  unlink(temporary);
  errno = saved;
  return error;
}

static inline const char *chronicle_ring_message(chronicle_ring_error error) {
  switch (error) {
    case CHRONICLE_RING_OK: return "done";
    case CHRONICLE_RING_LOST: return "the ring stayed full: the record is counted as lost";
    case CHRONICLE_RING_TOO_LARGE: return "the record is larger than half of the ring";
    case CHRONICLE_RING_INVALID: return "an argument is out of its range";
    case CHRONICLE_RING_MISSING: return "there is no ring at this path";
    case CHRONICLE_RING_EXISTS: return "there is a file at this path already";
    case CHRONICLE_RING_UNTRUSTED: return "the file is not a regular file of this user with mode 0600";
    case CHRONICLE_RING_FOREIGN: return "the file is no ring";
    case CHRONICLE_RING_NEWER: return "the ring is of a newer version";
    case CHRONICLE_RING_DAMAGED: return "the ring contradicts itself: start the packer, which sets it right";
    case CHRONICLE_RING_BUSY: return "another process writes to this ring";
    case CHRONICLE_RING_REMOVED: return "the ring was removed while it was open";
    case CHRONICLE_RING_SYSTEM: return strerror(errno);
  }
  return "not known";
}

#endif
