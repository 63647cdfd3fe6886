"""Judges stamped events with other people's readers: fastavro, Google's protobuf with its own compiler, json and jsonschema.

argv[1]: {"cases": path}. The file holds one case per line: {"type", "schema", "stamped" (schema texts), "field", "shape", "path",
"events": [{"plain", "stamped" (base64, without wire prefix), "id" (decimal)}]}. Prints {"events": {type: n}, "faults": [first few], "differences": n}.
"""

import base64
import io
import json
import os
import sys
import tempfile
from collections import Counter

import fastavro
import fastavro.read
import jsonschema
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc

FIRST_FAULTS = 10
# What a long means is not at stake here, and not every long is a time Python can hold.
fastavro.read.LOGICAL_READERS.clear()


class Court:
    def __init__(self):
        self.events = Counter()
        self.faults = []
        self.differences = 0

    def judge(self, case, event, difference):
        self.events[case["type"]] += 1
        if difference is not None:
            self.differences += 1
            if len(self.faults) < FIRST_FAULTS:
                self.faults.append(f"{case['type']}: {difference}: {case['schema'][:1500]} {json.dumps(event)[:500]}")


def whole(schema, data, reader=None):
    """The value, and nothing left behind it."""
    stream = io.BytesIO(data)
    value = fastavro.schemaless_reader(stream, schema, reader)
    if stream.read(1) != b"":
        raise ValueError("bytes are left")
    return value


def resolved(schema, data, reader):
    """What an old reader makes of it: within unions fastavro may promote bytes to a string they are not, whoever wrote them."""
    try:
        return whole(schema, data, reader)
    except UnicodeDecodeError as error:
        return f"no string: {error.object!r}"


def longer(case):
    """The plain schema with a field that takes no bytes: between equal schemas fastavro resolves nothing."""
    if case["shape"] == "envelope":
        return None
    schema = json.loads(case["schema"])
    fields = [{"name": "no_bytes_at_all", "type": "null"}, *schema["fields"]]
    return fastavro.parse_schema({**schema, "fields": fields})


def avro(court, case):
    plain_schema = fastavro.parse_schema(json.loads(case["schema"]))
    stamped_schema = fastavro.parse_schema(json.loads(case["stamped"]))
    longer_schema = longer(case)
    for event in case["events"]:
        plain, stamped = base64.b64decode(event["plain"]), base64.b64decode(event["stamped"])
        before = whole(plain_schema, plain)
        read = whole(stamped_schema, stamped)
        if read[case["field"]] != int(event["id"]):
            court.judge(case, event, f"the ID is {read[case['field']]}")
        elif case["shape"] == "envelope":
            court.judge(case, event, None if read["event"] == before else "another event")
        else:
            rest = {name: value for name, value in read.items() if name != case["field"]}
            # An old reader: within unions it may promote, so it is compared with itself.
            old = resolved(stamped_schema, stamped, plain_schema) == resolved(longer_schema, plain, plain_schema)
            court.judge(case, event, None if rest == before and old else "another event")


def json_events(court, case):
    plain_schema, stamped_schema = json.loads(case["schema"]), json.loads(case["stamped"])
    validator = jsonschema.validators.validator_for(stamped_schema, default=jsonschema.Draft7Validator)
    for event in case["events"]:
        plain = json.loads(base64.b64decode(event["plain"]))
        stamped = json.loads(base64.b64decode(event["stamped"]))
        if stamped.pop(case["field"]) != event["id"]:
            court.judge(case, event, "another ID")
        elif (stamped["event"] if case["shape"] == "envelope" else stamped) != plain:
            court.judge(case, event, "another event")
        else:
            court.judge(case, event, None)
    # Validity, on a few: this is the slow part.
    for event in case["events"][: case["validated"]]:
        plain, stamped = (json.loads(base64.b64decode(event[which])) for which in ("plain", "stamped"))
        same = validator(plain_schema).is_valid(plain) == validator(stamped_schema).is_valid(stamped)
        court.judge(case, event, None if same else "valid is not valid any more, or the other way")


def compiled(folder, text):
    """The descriptor of one file, by Google's compiler, which runs in this process."""
    source, out = os.path.join(folder, "event.proto"), os.path.join(folder, "event.bin")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    if protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={out}", source]) != 0:
        raise SystemExit(f"protoc refuses: {text}")
    with open(out, "rb") as file:
        return descriptor_pb2.FileDescriptorSet.FromString(file.read()).file[0]


def message_at(file_descriptor, path):
    """The message at an index path, as it stands in the compiler's own order."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file_descriptor)
    types = file_descriptor.message_type
    name = file_descriptor.package
    for index in path:
        message = types[index]
        name = f"{name}.{message.name}" if name else message.name
        types = message.nested_type
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def protobuf(court, folder, case):
    plain_class = message_at(compiled(folder, case["schema"]), case["path"])
    stamped_class = message_at(compiled(folder, case["stamped"]), case["path"])
    for event in case["events"]:
        plain, stamped = base64.b64decode(event["plain"]), base64.b64decode(event["stamped"])
        before = plain_class.FromString(plain).SerializeToString(deterministic=True)
        read = stamped_class.FromString(stamped)
        number = getattr(read, case["field"])
        old = plain_class.FromString(stamped).SerializeToString(deterministic=True)
        # Google's runtime keeps what it does not know: sent on by an old reader, the ID is still there.
        kept = stamped_class.FromString(old)
        survives = getattr(kept, case["field"]) == int(event["id"])
        read.ClearField(case["field"])
        after = read.SerializeToString(deterministic=True)
        if number != int(event["id"]):
            court.judge(case, event, f"the ID is {number}")
        elif after != before:
            court.judge(case, event, "another event")
        else:
            court.judge(case, event, None if survives else "an old reader loses the ID")


def main():
    court = Court()
    with open(json.loads(sys.argv[1])["cases"], encoding="utf-8") as file, tempfile.TemporaryDirectory() as folder:
        for line in file:
            case = json.loads(line)
            if case["type"] == "AVRO":
                avro(court, case)
            elif case["type"] == "JSON":
                json_events(court, case)
            else:
                protobuf(court, folder, case)
    print(json.dumps({"events": court.events, "faults": court.faults, "differences": court.differences}))


if __name__ == "__main__":
    main()
