import kafkajs, { type Message, type Producer } from 'kafkajs';

/** A plain KafkaJS producer for a few hand-made records. */
export class Writer implements AsyncDisposable {
  readonly #producer: Producer;

  private constructor(producer: Producer) {
    this.#producer = producer;
  }

  static async at(bootstrap: readonly string[]): Promise<Writer> {
    const kafka = new kafkajs.Kafka({ brokers: [...bootstrap], logLevel: kafkajs.logLevel.NOTHING });
    const producer = kafka.producer({
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
    await producer.connect();
    return new Writer(producer);
  }

  async write(topic: string, ...messages: readonly Message[]): Promise<void> {
    await this.#producer.send({ topic, messages: [...messages] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer.disconnect();
  }
}

/** `count` small records for one partition. */
export const some = (partition: number, count: number, label = 'plain'): Message[] =>
  Array.from({ length: count }, (_, i) => ({
    partition,
    key: `${label}-${i}`,
    value: `value ${i} of ${label}`,
  }));

/** One record whose value has that many bytes. */
export const sized = (partition: number, bytes: number): Message => ({
  partition,
  key: 'large',
  value: Buffer.alloc(bytes, 'x'),
});
