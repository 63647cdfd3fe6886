"""Judges a stamped topic against its input: librdkafka reads both under read_committed; no code is shared with the product.

argv[1]: {"bootstrap": [..], "routes": [{"input", "output", "deadLetter"?}]}. Prints the findings as JSON.
"""

import json
import re
import sys
import time
from collections import Counter

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

STAMP = "snowflake_id"
ERROR = "snowstamp.error."
ID = re.compile(rb"0|[1-9]\d{0,18}")
SILENCE_S = 30
FIRST_FAULTS = 10


def settings(bootstrap, isolation):
    return {
        "bootstrap.servers": ",".join(bootstrap),
        "group.id": "judge",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": isolation,
        "check.crcs": True,
        "fetch.message.max.bytes": 16 * 2**20,
        "queued.max.messages.kbytes": 2**17,
    }


class Reader:
    """Reads whole topics, from their start to the last stable offset."""

    def __init__(self, bootstrap):
        self.committed = Consumer(settings(bootstrap, "read_committed"))
        self.all = Consumer(settings(bootstrap, "read_uncommitted"))
        self.open = 0

    def partitions(self, topic):
        """A topic just made may not have reached the broker asked."""
        deadline = time.monotonic() + SILENCE_S
        while True:
            found = self.committed.list_topics(topic, timeout=SILENCE_S).topics[topic]
            if found.error is None:
                return sorted(found.partitions)
            if time.monotonic() > deadline:
                raise SystemExit(f"{topic}: {found.error}")
            time.sleep(0.1)

    def read(self, topic):
        """{partition: [(offset, key, value, timestamp, headers)]}; headers is a tuple of (name, value)."""
        partitions = self.partitions(topic)
        records = {partition: [] for partition in partitions}
        self.committed.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
        left = set(partitions)
        heard = time.monotonic()
        while left:
            batch = self.committed.consume(10_000, timeout=0.1)  # waits that long for the batch to fill
            if batch:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_S:
                raise SystemExit(f"{topic}: nothing came for {SILENCE_S} s, partitions {sorted(left)} have not ended")
            for message in batch:
                error = message.error()
                if error is None:
                    headers = message.headers()
                    records[message.partition()].append(
                        (
                            message.offset(),
                            message.key(),
                            message.value(),
                            message.timestamp()[1],
                            tuple(headers) if headers else (),
                        )
                    )
                elif error.code() == KafkaError._PARTITION_EOF:
                    left.discard(message.partition())
                    self.measure(topic, message.partition(), message.offset())
                else:
                    raise SystemExit(f"{topic}: {error}")
        self.committed.unassign()
        return records

    def measure(self, topic, partition, stable):
        _, high = self.all.get_watermark_offsets(TopicPartition(topic, partition), timeout=30, cached=False)
        self.open += max(0, high - stable)

    def close(self):
        self.committed.close()
        self.all.close()


class Judge:
    def __init__(self):
        self.counts = Counter()
        self.features = Counter()
        self.faults = []
        self.ids = set()

    def fault(self, kind, words, count=1):
        self.counts[kind] += count
        if len(self.faults) < FIRST_FAULTS:
            self.faults.append(f"{kind}: {words}")

    def unstamp(self, where, record):
        """The output without its stamp, and the ID."""
        offset, key, value, timestamp, headers = record
        stamps = [i for i, (name, _) in enumerate(headers) if name == STAMP]
        if stamps != [len(headers) - 1] or headers[-1][1] is None:
            self.fault("badStamps", f"{where}@{offset} has its stamps at {stamps} of {len(headers)}")
            return (key, value, timestamp, tuple(h for h in headers if h[0] != STAMP)), None
        text = headers[-1][1]
        if ID.fullmatch(text) is None or int(text) >= 2**63:
            self.fault("badStamps", f"{where}@{offset}: {text!r} is no ID")
            return (key, value, timestamp, headers[:-1]), None
        return (key, value, timestamp, headers[:-1]), int(text)

    def outputs(self, where, records):
        """Unstamped records; IDs are unique over everything and rise in the partition."""
        last = -1
        plain = []
        for record in records:
            body, number = self.unstamp(where, record)
            plain.append(body)
            if number is None:
                continue
            if number in self.ids:
                self.fault("duplicateIds", f"{where}@{record[0]}: {number}")
            self.ids.add(number)
            if number <= last:
                self.fault("notRising", f"{where}@{record[0]}: {number} after {last}")
            last = number
        return plain

    def partition(self, where, inputs, outputs):
        """Input order included; records may be equal to each other."""
        if inputs == outputs:
            return
        wanted, found = Counter(inputs), Counter(outputs)
        missing, extra = wanted - found, found - wanted
        different = min(missing.total(), extra.total())
        for kind, count, example in (
            ("different", different, extra),
            ("missing", missing.total() - different, missing),
            ("extra", extra.total() - different, extra),
        ):
            if count > 0:
                self.fault(kind, f"{where}: {next(iter(example))!r:.300}", count)
        common = wanted & found
        displaced = sum(a != b for a, b in zip(only(inputs, common), only(outputs, common)))
        if displaced > 0:
            self.fault("outOfOrder", where, displaced)

    def letters(self, dead, inputs):
        """Dead letters against the inputs they name; answers which inputs they account for."""
        buried = set()
        for partition, records in dead.items():
            for offset, key, value, timestamp, headers in records:
                tail = len(headers)
                while tail > 0 and headers[tail - 1][0].startswith(ERROR):
                    tail -= 1
                said = {name[len(ERROR) :]: text for name, text in headers[tail:]}
                topic = said["topic"].decode()
                if topic not in inputs:
                    continue
                where = (topic, int(said["partition"]), int(said["offset"]))
                if "timestamp" in said:
                    timestamp = int(said["timestamp"])
                source = inputs[topic][where[1]].get(where[2])
                if source is None:
                    self.fault("extra", f"dead letter {partition}@{offset} names {where}, which is not there")
                elif where in buried:
                    self.fault("extra", f"a second dead letter for {where}")
                elif source != (key, value, timestamp, headers[:tail]):
                    self.fault("different", f"dead letter {partition}@{offset} and its input {where}")
                buried.add(where)
        return buried

    def look(self, record):
        """Counts what is odd about an input, so that a test knows what it tested."""
        _, key, value, timestamp, headers = record
        seen = self.features
        if key is None:
            seen["nullKey"] += 1
        elif key == b"":
            seen["emptyKey"] += 1
        elif key == b"\0\0\0\0":
            seen["zeroKey"] += 1
        if value is None:
            seen["nullValue"] += 1
        elif value == b"":
            seen["emptyValue"] += 1
        if timestamp in (0, 1):
            seen[f"timestamp{timestamp}"] += 1
        if not headers:
            return
        names = [name for name, _ in headers]
        if "" in names:
            seen["emptyHeaderName"] += 1
        if len(set(names)) < len(names):
            seen["duplicateHeader"] += 1
        if any(text is None for _, text in headers):
            seen["nullHeaderValue"] += 1
        if any(text == b"" for _, text in headers):
            seen["emptyHeaderValue"] += 1
        if len(names) in (62, 63, 64, 8190, 8191):
            seen[f"headers{len(names)}"] += 1
        if STAMP in names:
            seen["alreadyStamped"] += 1


def only(records, wanted):
    """`records` without what is not wanted, or more often than wanted."""
    left = Counter(wanted)
    for record in records:
        if left[record] > 0:
            left[record] -= 1
            yield record


def main():
    question = json.loads(sys.argv[1])
    reader = Reader(question["bootstrap"])
    judge = Judge()
    inputs = {route["input"]: reader.read(route["input"]) for route in question["routes"]}
    by_offset = {
        topic: {p: {r[0]: r[1:] for r in records} for p, records in partitions.items()}
        for topic, partitions in inputs.items()
        if any(route["input"] == topic and route.get("deadLetter") for route in question["routes"])
    }
    buried = set()
    for topic in {route["deadLetter"] for route in question["routes"] if route.get("deadLetter")}:
        buried |= judge.letters(reader.read(topic), by_offset)
    read = 0
    written = 0
    for route in question["routes"]:
        topic = route["input"]
        outputs = reader.read(route["output"])
        for partition in sorted(set(inputs[topic]) | set(outputs)):
            records = inputs[topic].get(partition, [])
            for record in records:
                judge.look(record)
            read += len(records)
            written += len(outputs.get(partition, []))
            wanted = [
                (key, value, timestamp, tuple(h for h in headers if h[0] != STAMP) if headers else ())
                for offset, key, value, timestamp, headers in records
                if (topic, partition, offset) not in buried
            ]
            name = f"{route['output']}-{partition}"
            judge.partition(name, wanted, judge.outputs(name, outputs.get(partition, [])))
    reader.close()
    kinds = ("missing", "extra", "different", "outOfOrder", "badStamps", "duplicateIds", "notRising")
    print(
        json.dumps(
            {
                "inputs": read,
                "outputs": written,
                "deadLettered": len(buried),
                **{kind: judge.counts[kind] for kind in kinds},
                "open": reader.open,
                "features": judge.features,
                "faults": judge.faults,
            }
        )
    )


if __name__ == "__main__":
    main()
