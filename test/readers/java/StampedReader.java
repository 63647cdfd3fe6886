import com.acme.shop.OrderStamped.Order;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.util.Base64;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;

/** Reads stamped orders: each line of the input is a format, a shape, and a value of the topic in base64. */
class StampedReader {
  public static void main(String[] args) throws Exception {
    var flatSchema = new Schema.Parser().parse(new File(args[0], "avro/order.stamped.avsc"));
    var envelopeSchema = new Schema.Parser().parse(new File(args[0], "avro/order.envelope.avsc"));
    var input = new BufferedReader(new InputStreamReader(System.in));
    for (var line = input.readLine(); line != null; line = input.readLine()) {
      var words = line.split(" ");
      var isFlat = words[1].equals("flat");
      var value = Base64.getDecoder().decode(words[2]);
      switch (words[0]) {
        case "avro" -> readAvro(value, isFlat ? flatSchema : envelopeSchema, isFlat);
        case "json" -> readJson(value, isFlat);
        default -> readProtobuf(value);
      }
    }
  }

  static void readAvro(byte[] value, Schema schema, boolean isFlat) throws Exception {
    // Avro; KafkaAvroDeserializer does the same and fetches the schema
    var bytes = DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null);
    var event = new GenericDatumReader<GenericRecord>(schema).read(null, bytes);
    long id = (Long) event.get("snowflake_id");
    // end
    var order = isFlat ? event : (GenericRecord) event.get("event");
    tell(id, order.get("order_number"), order.get("customer_number"));
  }

  static void readJson(byte[] value, boolean isFlat) throws Exception {
    // JSON by Jackson: the member is a string
    JsonNode event = new ObjectMapper().readTree(value, 5, value.length - 5);
    long id = Long.parseLong(event.get("snowflake_id").textValue());
    // end
    var order = isFlat ? event : event.get("event");
    tell(id, order.get("order_number").textValue(), order.get("customer_number").textValue());
  }

  static void readProtobuf(byte[] value) throws Exception {
    // Protobuf, generated from order.stamped.proto: behind the prefix stands a 0, the index of the first message
    Order order = Order.parseFrom(ByteString.copyFrom(value, 6, value.length - 6));
    long id = order.getSnowflakeId();
    // end
    tell(id, order.getOrderNumber(), Long.toUnsignedString(order.getCustomerNumber()));
  }

  static void tell(long id, Object orderNumber, Object customerNumber) {
    System.out.println(id + " " + orderNumber + " " + customerNumber);
  }
}
