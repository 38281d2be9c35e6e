"""Writes a hundred readings with an idempotent producer, reads them back and counts them.

Needs confluent-kafka: `pip install confluent-kafka`, or `apt-get install python3-confluent-kafka`.
"""

import os
import uuid

from confluent_kafka import Consumer, Producer

server = os.environ.get("CHRONICLE_BOOTSTRAP", "localhost:9092")
topic = f"readings-{uuid.uuid4().hex[:8]}"
failures = []

producer = Producer(
    {"bootstrap.servers": server, "enable.idempotence": True, "compression.type": "zstd", "linger.ms": 5}
)
for number in range(100):
    producer.produce(
        topic,
        key=f"sensor-{number % 4}",
        value=f"{20 + number / 10:.1f}",
        on_delivery=lambda error, message: failures.append(error) if error else None,
    )
producer.flush(10)
if failures:
    raise SystemExit(f"not delivered: {failures[0]}")

consumer = Consumer({"bootstrap.servers": server, "group.id": topic, "auto.offset.reset": "earliest"})
consumer.subscribe([topic])
received = 0
while received < 100:
    message = consumer.poll(10)
    if message is None:
        raise SystemExit(f"only {received} of 100 readings came back within 10 s")
    if message.error():
        raise SystemExit(message.error())
    received += 1
consumer.close()
print(f"{received} readings written to {topic} and read back")
