"""kafka-python: Debian's 2.0 and the newest alike."""
import concurrent.futures
import contextlib
import queue
import sys
import threading
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.structs import OffsetAndMetadata

from adapter import decode, headers_of, installed, record, serve

bootstrap = sys.argv[1]
common = {"bootstrap_servers": bootstrap, "reconnect_backoff_ms": 50, "reconnect_backoff_max_ms": 200}
codec_modules = {"none": [], "gzip": [], "snappy": ["snappy"], "lz4": ["lz4"], "zstd": ["zstandard"]}
patience = 30


def line_of(m):
    return record(m.partition, m.offset, m.key, m.value, m.headers, m.timestamp)


class Member:
    """A consumer on a thread of its own: its poll waits for a rebalance, in which the other members have to take part."""

    def __init__(self, consumer, topic):
        self.consumer = consumer
        self.topic = topic
        self.records = queue.Queue()
        self.positions = {}
        self.assigned = []
        self.work = queue.Queue()
        self.leaving = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.leaving:
            for messages in self.consumer.poll(timeout_ms=50).values():
                for message in messages:
                    self.records.put(message)
            self.assigned = sorted(place.partition for place in self.consumer.assignment())
            while not self.work.empty():
                self.work.get()()
        self.consumer.close()

    def take(self, count, seconds):
        deadline = time.monotonic() + seconds
        taken = []
        while len(taken) < count and time.monotonic() < deadline:
            try:
                taken.append(self.records.get(timeout=max(0.001, deadline - time.monotonic())))
            except queue.Empty:
                break
        for message in taken:
            self.positions[message.partition] = message.offset + 1
        return taken

    def commit(self):
        fields = ["", -1][: len(OffsetAndMetadata._fields) - 1]
        offsets = {
            TopicPartition(self.topic, partition): OffsetAndMetadata(offset, *fields)
            for partition, offset in self.positions.items()
        }
        done = concurrent.futures.Future()

        def work():
            try:
                done.set_result(self.consumer.commit(offsets))
            except Exception as error:
                done.set_exception(error)

        self.work.put(work)
        done.result(timeout=patience)

    def leave(self):
        self.leaving = True
        self.thread.join()


class KafkaPython:
    compressions = [codec for codec, modules in codec_modules.items() if installed(*modules)]

    def __init__(self):
        self.producers = {}
        self.members = {}

    @contextlib.contextmanager
    def admin(self):
        """A new one each time: the admin client does not survive a restart of its broker."""
        client = KafkaAdminClient(**common)
        try:
            yield client
        finally:
            client.close()

    def createTopic(self, topic, partitions):
        with self.admin() as admin:
            admin.create_topics([NewTopic(topic, partitions, 1)])
        deadline = time.monotonic() + patience
        while topic not in self.topics() and time.monotonic() < deadline:
            time.sleep(0.05)

    def deleteTopic(self, topic):
        with self.admin() as admin:
            admin.delete_topics([topic])

    def topics(self):
        with self.admin() as admin:
            return list(admin.list_topics())

    def partitionCount(self, topic):
        with self.admin() as admin:
            [described] = admin.describe_topics([topic])
        return len(described["partitions"])

    def groups(self):
        with self.admin() as admin:
            listed = admin.list_groups() if hasattr(admin, "list_groups") else admin.list_consumer_groups()
        return [group["group_id"] if isinstance(group, dict) else group[0] for group in listed]

    def produce(self, topic, records, compression, idempotent):
        producer = self.producer(compression, idempotent)
        futures = [
            producer.send(
                topic,
                partition=line["partition"],
                key=decode(line["key"]),
                value=decode(line["value"]),
                headers=headers_of(line),
                timestamp_ms=line["timestamp"],
            )
            for line in records
        ]
        for future in futures:
            future.get(timeout=patience)

    def producer(self, compression, idempotent):
        key = (compression, idempotent)
        if key not in self.producers:
            settings = {"compression_type": None if compression == "none" else compression, "acks": "all", "linger_ms": 5}
            if "enable_idempotence" in KafkaProducer.DEFAULT_CONFIG:
                settings["enable_idempotence"] = idempotent
            self.producers[key] = KafkaProducer(**common, **settings, retries=20)
        return self.producers[key]

    def offsetForTimestamp(self, topic, partition, timestamp):
        consumer = KafkaConsumer(**common)
        try:
            place = TopicPartition(topic, partition)
            return consumer.offsets_for_times({place: timestamp})[place].offset
        finally:
            consumer.close()

    def readFrom(self, topic, partition, offset, count):
        consumer = KafkaConsumer(**common, fetch_max_wait_ms=100)
        try:
            place = TopicPartition(topic, partition)
            consumer.assign([place])
            consumer.seek(place, offset)
            received = []
            deadline = time.monotonic() + patience
            while len(received) < count and time.monotonic() < deadline:
                for messages in consumer.poll(timeout_ms=100).values():
                    received.extend(messages)
            return [line_of(message) for message in received[:count]]
        finally:
            consumer.close()

    def join(self, member, group, topic, instanceId):
        consumer = KafkaConsumer(
            topic,
            **common,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=6000,
            heartbeat_interval_ms=200,
            fetch_max_wait_ms=100,
        )
        self.members[member] = Member(consumer, topic)

    def poll(self, member, count, withinMs):
        received = self.members[member].take(count, withinMs / 1000)
        return [line_of(message) for message in received]

    def assignment(self, member):
        return self.members[member].assigned

    def commit(self, member):
        self.members[member].commit()

    def leave(self, member):
        self.members.pop(member).leave()

    def close(self):
        for member in self.members.values():
            member.leave()
        for producer in self.producers.values():
            producer.close()


serve(KafkaPython())
