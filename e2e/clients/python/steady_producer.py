"""
An idempotent librdkafka producer under load that never gives up: sends numbered records until its standard input ends,
waits until all are acknowledged, and writes one line for each acknowledgement: partition, offset, number.
Arguments: bootstrap address, topic, partitions, records a second.
"""
import select
import sys
import time

from confluent_kafka import Producer

bootstrap, topic = sys.argv[1], sys.argv[2]
partitions, rate = int(sys.argv[3]), int(sys.argv[4])
batch = 50
padding = [b"", b"x" * 80, b"y" * 1500]
patience = 60

producer = Producer(
    {
        "bootstrap.servers": bootstrap,
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 2,
        "batch.num.messages": batch,
        "message.timeout.ms": 0,
        "retry.backoff.ms": 20,
        "reconnect.backoff.ms": 10,
        "reconnect.backoff.max.ms": 100,
        "socket.timeout.ms": 5000,
        "error_cb": lambda error: error.fatal() and sys.stdout.write(f"failed fatal: {error}\n"),
    }
)


def delivered(error, message):
    if error:
        sys.stdout.write(f"failed {error}\n")
        return
    number = message.value().split(b" ", 1)[0].decode()
    sys.stdout.write(f"acknowledged {message.partition()} {message.offset()} {number}\n")


def stopped():
    return bool(select.select([sys.stdin], [], [], 0)[0])


number = 0
while not stopped():
    for _ in range(batch):
        value = b"%d " % number + padding[number % len(padding)]
        while True:
            try:
                producer.produce(topic, value, partition=number % partitions, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.05)
        number += 1
    producer.poll(0)
    time.sleep(batch / rate)
    sys.stdout.flush()
left = producer.flush(patience)
if left:
    sys.stdout.write(f"failed {left} records were never answered\n")
sys.stdout.flush()
