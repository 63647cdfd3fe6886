"""Reads stamped orders: each line of the input is a format, a shape, and a value of the topic in base64."""

import base64
import io
import json
import sys

import fastavro
from order.stamped_pb2 import Order


def read_avro(value, schema, is_flat):
    # Avro by fastavro; confluent_kafka's AvroDeserializer does the same and fetches the schema; int has no limit
    event = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema)
    snowflake_id = event["snowflake_id"]
    # end
    order = event if is_flat else event["event"]
    tell(snowflake_id, order["order_number"], order["customer_number"])


def read_json(value, is_flat):
    # JSON: the member is a string
    event = json.loads(value[5:])
    snowflake_id = int(event["snowflake_id"])
    # end
    order = event if is_flat else event["event"]
    tell(snowflake_id, order["order_number"], order["customer_number"])


def read_protobuf(value):
    # Protobuf, generated from order.stamped.proto: behind the prefix stands a 0, the index of the first message
    order = Order.FromString(value[6:])
    snowflake_id = order.snowflake_id
    # end
    tell(snowflake_id, order.order_number, order.customer_number)


def tell(snowflake_id, order_number, customer_number):
    print(snowflake_id, order_number, customer_number)


def main():
    schemas = {
        shape: fastavro.schema.load_schema(f"{sys.argv[1]}/avro/order.{name}.avsc")
        for shape, name in (("flat", "stamped"), ("envelope", "envelope"))
    }
    for line in sys.stdin:
        kind, shape, text = line.split()
        value = base64.b64decode(text)
        if kind == "avro":
            read_avro(value, schemas[shape], shape == "flat")
        elif kind == "json":
            read_json(value, shape == "flat")
        else:
            read_protobuf(value)


main()
