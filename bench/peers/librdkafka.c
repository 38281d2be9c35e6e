/*
 * Produces through librdkafka for a while and says how fast it went, as one line of JSON.
 *
 *   librdkafka LIBRARY TOPIC PARTITIONS RECORD_BYTES WARM_UP_SECONDS SECONDS BYTES_MAX NAME=VALUE...
 *
 * The library is loaded at run time, so that the newest one of the Python wheel serves without its header files;
 * what is declared here is the stable part of its interface (rdkafka.h). NAME=VALUE are its own settings:
 * `bootstrap.servers=…` for a real broker, `test.mock.num.brokers=1` for the mock cluster inside the library.
 * Counted is what was delivered between the end of the warm-up and the end of SECONDS, or until BYTES_MAX were delivered.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CONF_OK = 0, PRODUCER = 0, FLAG_COPY = 2, ERROR_QUEUE_FULL = -184 };

/* The leading fields of rd_kafka_message_t. */
typedef struct {
  int err;
  void *topic;
  int32_t partition;
  void *payload;
  size_t len;
} message_t;

static const char *(*version_str)(void);
static const char *(*err2str)(int);
static void *(*conf_new)(void);
static int (*conf_set)(void *, const char *, const char *, char *, size_t);
static void (*conf_set_dr_msg_cb)(void *, void (*)(void *, const message_t *, void *));
static void *(*new_handle)(int, void *, char *, size_t);
static void *(*topic_new)(void *, const char *, void *);
static int (*produce)(void *, int32_t, int, void *, size_t, const void *, size_t, void *);
static int (*poll_events)(void *, int);
static int (*last_error)(void);

static uint64_t delivered, failed;
static int first_error;

static void on_delivery(void *handle, const message_t *message, void *opaque) {
  (void)handle;
  (void)opaque;
  if (message->err == 0) {
    delivered++;
  } else {
    failed++;
    if (first_error == 0) first_error = message->err;
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) fail("librdkafka has no function", name);
  return found;
}

static void load(const char *path) {
  void *library = dlopen(path, RTLD_NOW);
  if (library == NULL) fail("cannot load librdkafka", dlerror());
  *(void **)&version_str = symbol(library, "rd_kafka_version_str");
  *(void **)&err2str = symbol(library, "rd_kafka_err2str");
  *(void **)&conf_new = symbol(library, "rd_kafka_conf_new");
  *(void **)&conf_set = symbol(library, "rd_kafka_conf_set");
  *(void **)&conf_set_dr_msg_cb = symbol(library, "rd_kafka_conf_set_dr_msg_cb");
  *(void **)&new_handle = symbol(library, "rd_kafka_new");
  *(void **)&topic_new = symbol(library, "rd_kafka_topic_new");
  *(void **)&produce = symbol(library, "rd_kafka_produce");
  *(void **)&poll_events = symbol(library, "rd_kafka_poll");
  *(void **)&last_error = symbol(library, "rd_kafka_last_error");
}

static void *configure(int count, char **settings) {
  char why[512];
  void *conf = conf_new();
  for (int at = 0; at < count; at++) {
    char *value = strchr(settings[at], '=');
    if (value == NULL) fail("not NAME=VALUE", settings[at]);
    *value++ = '\0';
    if (conf_set(conf, settings[at], value, why, sizeof why) != CONF_OK) fail(settings[at], why);
  }
  conf_set_dr_msg_cb(conf, on_delivery);
  return conf;
}

int main(int argc, char **argv) {
  if (argc < 8) fail("usage", "librdkafka LIBRARY TOPIC PARTITIONS RECORD_BYTES WARM_UP SECONDS BYTES_MAX NAME=VALUE...");
  load(argv[1]);
  const int partitions = atoi(argv[3]);
  const size_t record_bytes = (size_t)atoll(argv[4]);
  const double warm_up = atof(argv[5]), seconds = atof(argv[6]);
  const uint64_t records_max = (uint64_t)atoll(argv[7]) / record_bytes;
  char why[512];
  void *handle = new_handle(PRODUCER, configure(argc - 8, argv + 8), why, sizeof why);
  if (handle == NULL) fail("rd_kafka_new", why);
  void *topic = topic_new(handle, argv[2], NULL);
  char *payload = malloc(record_bytes);
  for (size_t at = 0; at < record_bytes; at++) payload[at] = (char)(32 + at * 31 % 95);

  /* The first record brings metadata, the topic and the connection; the clock starts after it. */
  produce(topic, 0, FLAG_COPY, payload, record_bytes, NULL, 0, NULL);
  for (double limit = now() + 20; delivered + failed == 0 && now() < limit;) poll_events(handle, 100);
  if (delivered == 0) fail("the first record was not delivered", first_error ? err2str(first_error) : "timed out");

  double begin = now() + warm_up, end = begin + seconds;
  uint64_t before = delivered, sent = 0;
  int warm = 0;
  for (double time = now(); time < end && delivered < records_max; time = now()) {
    if (!warm && time >= begin) {
      warm = 1;
      begin = time;
      before = delivered;
    }
    for (int at = 0; at < 64; at++) {
      /* Runs of 64 to a partition: 64 KiB batches fill one after the other, as a sticky partitioner fills them. */
      if (produce(topic, (int32_t)(sent / 64 % (uint64_t)partitions), FLAG_COPY, payload, record_bytes, NULL, 0, NULL) == 0) {
        sent++;
      } else if (last_error() == ERROR_QUEUE_FULL) {
        poll_events(handle, 1);
      } else {
        fail("produce", err2str(last_error()));
      }
    }
    poll_events(handle, 0);
  }
  const double took = now() - begin;
  printf("{\"version\":\"%s\",\"records\":%llu,\"failed\":%llu,\"seconds\":%.6f,\"error\":\"%s\"}\n", version_str(),
         (unsigned long long)(delivered - before), (unsigned long long)failed, took, first_error ? err2str(first_error) : "");
  fflush(stdout);
  /* What is still queued is dropped: the process ends here, and the broker sees connections close. */
  _Exit(0);
}
