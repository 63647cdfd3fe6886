// Reads stamped orders: each line of the input is a format, a shape, and a value of the topic in base64.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hamba/avro/v2"
	"google.golang.org/protobuf/proto"
	"snowstamp.local/readers/shop"
)

// Order is read from Avro and from JSON; fields that are not named are passed over.
// Avro by hamba/avro, JSON by encoding/json: ",string" parses the string of digits
type Order struct {
	SnowflakeID    int64  `avro:"snowflake_id" json:"snowflake_id,string"`
	OrderNumber    string `avro:"order_number" json:"order_number"`
	CustomerNumber int64  `avro:"customer_number" json:"customer_number,string"`
}

// end

// Envelope has ID and event side by side.
type Envelope struct {
	SnowflakeID int64 `avro:"snowflake_id" json:"snowflake_id,string"`
	Event       struct {
		OrderNumber    string `avro:"order_number" json:"order_number"`
		CustomerNumber int64  `avro:"customer_number" json:"customer_number,string"`
	} `avro:"event" json:"event"`
}

func readFlat(kind string, value []byte, schema avro.Schema) (id int64, order Order, err error) {
	if kind == "avro" {
		// Avro
		err = avro.Unmarshal(schema, value[5:], &order)
		// end
	} else {
		// JSON
		err = json.Unmarshal(value[5:], &order)
		// end
	}
	return order.SnowflakeID, order, err
}

func readEnvelope(kind string, value []byte, schema avro.Schema) (envelope Envelope, err error) {
	if kind == "avro" {
		err = avro.Unmarshal(schema, value[5:], &envelope)
	} else {
		err = json.Unmarshal(value[5:], &envelope)
	}
	return envelope, err
}

func readProtobuf(value []byte) (int64, *shop.Order, error) {
	// Protobuf, generated from order.stamped.proto: behind the prefix stands a 0, the index of the first message
	var order shop.Order
	err := proto.Unmarshal(value[6:], &order)
	id := order.GetSnowflakeId()
	// end
	return id, &order, err
}

func main() {
	schemas := map[string]avro.Schema{}
	for shape, name := range map[string]string{"flat": "stamped", "envelope": "envelope"} {
		text, err := os.ReadFile(filepath.Join(os.Args[1], "avro", "order."+name+".avsc"))
		check(err)
		schema, err := avro.ParseWithCache(string(text), "", &avro.SchemaCache{})
		check(err)
		schemas[shape] = schema
	}
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		words := strings.Fields(input.Text())
		kind, shape := words[0], words[1]
		value, err := base64.StdEncoding.DecodeString(words[2])
		check(err)
		switch {
		case kind == "protobuf":
			id, order, err := readProtobuf(value)
			check(err)
			fmt.Println(id, order.GetOrderNumber(), order.GetCustomerNumber())
		case shape == "flat":
			id, order, err := readFlat(kind, value, schemas[shape])
			check(err)
			fmt.Println(id, order.OrderNumber, order.CustomerNumber)
		default:
			envelope, err := readEnvelope(kind, value, schemas[shape])
			check(err)
			fmt.Println(envelope.SnowflakeID, envelope.Event.OrderNumber, envelope.Event.CustomerNumber)
		}
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
