import { Writer } from '../../../src/kafka/wire/writer.ts';
import { API } from './fake-broker.ts';
import type { FakeBroker } from './fake-broker.ts';

/** SaslHandshake 1: the mechanisms the broker offers. */
export function handshakeAnswer(errorCode: number, mechanisms: readonly string[]): Writer {
  const writer = new Writer();
  writer.int16(errorCode);
  writer.array(mechanisms, (name) => {
    writer.string(name);
  });
  return writer;
}

/** SaslAuthenticate 1. */
export function authenticateAnswer(errorCode: number, message: string | null, lifetimeMs: number): Writer {
  const writer = new Writer();
  writer.int16(errorCode);
  writer.nullableString(message);
  writer.bytes(new Uint8Array(0));
  writer.int64(lifetimeMs);
  return writer;
}

/** Lets everybody in, for `lifetimeMs` (0 = for ever). */
export function welcoming(broker: FakeBroker, lifetimeMs = 0): FakeBroker {
  return broker
    .on(API.saslHandshake, () => handshakeAnswer(0, ['PLAIN', 'OAUTHBEARER']))
    .on(API.saslAuthenticate, () => authenticateAnswer(0, null, lifetimeMs));
}
