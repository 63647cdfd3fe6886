"""Writes records with everything odd that Kafka allows, by overlapping transactional producers, one per codec.

argv[1]: {"bootstrap": [..], "topic", "partitions", "seed", "rounds"}. Each round is one transaction of every producer, open at the
same time on the same partitions; every sixth or so is aborted. Prints {"committed", "aborted"} as JSON.
"""

import json
import random
import sys

from confluent_kafka import Producer

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
PER_TRANSACTION = 400
SLICE = 100
WIDE_HEADERS = (62, 63, 64, 8190, 8191)


def producer(bootstrap, topic, codec):
    made = Producer(
        {
            "bootstrap.servers": ",".join(bootstrap),
            "transactional.id": f"odd-{topic}-{codec}",
            "compression.type": codec,
            "linger.ms": 20,
            "batch.num.messages": 150,
        }
    )
    made.init_transactions(30)
    return made


def some_bytes(rng, most):
    """Text-like and so compressible, or noise."""
    length = rng.randrange(most)
    return rng.randbytes(length) if rng.random() < 0.3 else (b'{"field":"value"},' * (length // 16 + 1))[:length]


def headers(rng):
    kind = rng.randrange(8)
    if kind < 3:
        return None
    if kind == 3:
        return [("", b"nameless"), ("", None), ("plain", b"")]
    if kind == 4:
        return [("twice", b"1"), ("other", b"x"), ("twice", b"2"), ("twice", None)]
    if kind == 5:
        return [("snowflake_id", b"123"), ("kept", b"y"), ("snowflake_id", None)]
    if kind == 6:
        return [("h\u00e9\u00e4der \u2603", some_bytes(rng, 200))]
    return [(f"h{i}", some_bytes(rng, 20)) for i in range(rng.randrange(1, 6))]


def record(rng, now):
    key = rng.choice((None, b"", b"\0\0\0\0", b"key-%d" % rng.randrange(1000)))
    value = rng.choice((None, b"", some_bytes(rng, 60), some_bytes(rng, 400), some_bytes(rng, 2000)))
    return key, value, rng.choice((1, now, now - 86_400_000, now + rng.randrange(-500, 500))), headers(rng)


def wide(count):
    return b"wide", b"%d headers" % count, 1, [(f"w{i}", b"" if i % 2 else None) for i in range(count)]


def main():
    question = json.loads(sys.argv[1])
    rng = random.Random(question["seed"])
    topic = question["topic"]
    now = question["nowMs"]
    producers = [producer(question["bootstrap"], topic, codec) for codec in CODECS]
    refused = []
    counts = {"committed": 0, "aborted": 0}
    for turn in range(question["rounds"]):
        for each in producers:
            each.begin_transaction()
        sent = [0] * len(producers)
        for _ in range(PER_TRANSACTION // SLICE):
            for index, each in enumerate(producers):
                for _ in range(SLICE):
                    send(each, topic, rng.randrange(question["partitions"]), record(rng, now), refused)
                    sent[index] += 1
                if turn == 0 and sent[index] == SLICE:
                    for count in WIDE_HEADERS:
                        send(each, topic, rng.randrange(question["partitions"]), wide(count), refused)
                        sent[index] += 1
                each.flush(30)  # the batches of the producers lie between each other in the log
        for index in rng.sample(range(len(producers)), len(producers)):
            aborts = turn > 0 and rng.random() < 1 / 6
            if aborts:
                producers[index].abort_transaction(30)
            else:
                producers[index].commit_transaction(30)
            counts["aborted" if aborts else "committed"] += sent[index]
    if refused:
        raise SystemExit(f"{len(refused)} records were refused, first: {refused[0]}")
    print(json.dumps(counts))


def send(to, topic, partition, odd, refused):
    key, value, timestamp, some = odd
    to.produce(
        topic,
        key=key,
        value=value,
        partition=partition,
        timestamp=timestamp,
        headers=some,
        on_delivery=lambda error, _: refused.append(str(error)) if error else None,
    )
    to.poll(0)


if __name__ == "__main__":
    main()
