"""librdkafka through confluent-kafka: Debian's 1.7 (librdkafka 2.0) and the newest alike."""
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from adapter import decode, headers_of, record, serve

bootstrap = sys.argv[1]
common = {"bootstrap.servers": bootstrap, "reconnect.backoff.ms": 50, "reconnect.backoff.max.ms": 200}
patience = 30


def line_of(m):
    return record(m.partition(), m.offset(), m.key(), m.value(), m.headers(), m.timestamp()[1])


class ConfluentKafka:
    compressions = ["none", "gzip", "snappy", "lz4", "zstd"]

    def __init__(self):
        self.producers = {}
        self.members = {}

    @property
    def admin(self):
        """A new one each time: one that has heard of a topic goes on asking for it, which creates it again once it is deleted."""
        return AdminClient(common)

    def createTopic(self, topic, partitions):
        admin = self.admin
        for future in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
            future.result()
        self.await_leaders(topic, partitions)

    def await_leaders(self, topic, partitions):
        """Returns once metadata shows the topic: creation is answered before a broker has heard of it."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            known = self.admin.list_topics(topic, timeout=patience).topics[topic]
            if known.error is None and len(known.partitions) == partitions:
                return
            time.sleep(0.05)
        raise TimeoutError(topic)

    def deleteTopic(self, topic):
        admin = self.admin
        for future in admin.delete_topics([topic]).values():
            future.result()

    def topics(self):
        return list(self.admin.list_topics(timeout=patience).topics)

    def partitionCount(self, topic):
        return len(self.admin.list_topics(topic, timeout=patience).topics[topic].partitions)

    def groups(self):
        return [group.id for group in self.admin.list_groups(timeout=patience)]

    def produce(self, topic, records, compression, idempotent):
        producer = self.producer(compression, idempotent)
        failures = []
        for line in records:
            producer.produce(
                topic,
                partition=line["partition"],
                key=decode(line["key"]),
                value=decode(line["value"]),
                headers=headers_of(line),
                timestamp=line["timestamp"],
                on_delivery=lambda error, message: error and failures.append(error),
            )
        left = producer.flush(patience)
        if failures or left:
            raise RuntimeError(f"{left} unanswered, {len(failures)} failed: {failures[:1]}")

    def producer(self, compression, idempotent):
        key = (compression, idempotent)
        if key not in self.producers:
            settings = {"compression.type": compression, "enable.idempotence": idempotent, "acks": "all", "linger.ms": 5}
            self.producers[key] = Producer({**common, **settings})
        return self.producers[key]

    def offsetForTimestamp(self, topic, partition, timestamp):
        consumer = Consumer({**common, "group.id": "offsets"})
        try:
            [found] = consumer.offsets_for_times([TopicPartition(topic, partition, timestamp)], timeout=patience)
            return found.offset
        finally:
            consumer.close()

    def readFrom(self, topic, partition, offset, count):
        consumer = Consumer({**common, "group.id": "seek", "enable.auto.commit": False})
        try:
            consumer.assign([TopicPartition(topic, partition, offset)])
            messages = consumer.consume(count, timeout=patience)
            return [line_of(message) for message in messages if self.is_record(message)]
        finally:
            consumer.close()

    def join(self, member, group, topic, instanceId):
        settings = {
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 200,
            "fetch.wait.max.ms": 100,
        }
        if instanceId:
            settings["group.instance.id"] = instanceId
        consumer = Consumer({**common, **settings})
        consumer.subscribe([topic])
        self.members[member] = {"consumer": consumer, "waiting": [], "positions": {}, "topic": topic}

    def poll(self, member, count, withinMs):
        state = self.members[member]
        deadline = time.monotonic() + withinMs / 1000
        received, state["waiting"] = state["waiting"][:count], state["waiting"][count:]
        while len(received) < count and time.monotonic() < deadline:
            message = state["consumer"].poll(min(0.1, max(0, deadline - time.monotonic())))
            if self.is_record(message):
                received.append(message)
        for message in received:
            state["positions"][message.partition()] = message.offset() + 1
        return [line_of(message) for message in received]

    def is_record(self, message):
        if message is None:
            return False
        if message.error():
            raise RuntimeError(str(message.error()))
        return True

    def assignment(self, member):
        state = self.members[member]
        message = state["consumer"].poll(0.05)
        if self.is_record(message):
            state["waiting"].append(message)
        return sorted(place.partition for place in state["consumer"].assignment())

    def commit(self, member):
        state = self.members[member]
        places = [TopicPartition(state["topic"], partition, offset) for partition, offset in state["positions"].items()]
        for place in state["consumer"].commit(offsets=places, asynchronous=False):
            if place.error:
                raise RuntimeError(str(place.error))

    def leave(self, member):
        self.members.pop(member)["consumer"].close()

    def close(self):
        for state in self.members.values():
            state["consumer"].close()


serve(ConfluentKafka())
