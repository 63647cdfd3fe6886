import { describe, expect, it } from '@jest/globals';
import { fetch } from '../../../src/kafka/wire/fetch.ts';
import { Reader } from '../../../src/kafka/wire/reader.ts';
import { WireError } from '../../../src/kafka/wire/wire-error.ts';
import { dataAnswers, dataRequests } from './samples-data.ts';
import { groupAnswers, groupRequests } from './samples-group.ts';
import { transactionAnswers, transactionRequests } from './samples-transaction.ts';
import { golden, goldenTitles } from './vectors.ts';

const requests = [...groupRequests, ...dataRequests, ...transactionRequests];
const answers = [...groupAnswers, ...dataAnswers, ...transactionAnswers];

describe('messages against the bytes of Kafka’s own classes', () => {
  it.each(requests)('writes the $title byte for byte', (sample) => {
    expect(Buffer.from(sample.encode()).toString('hex')).toBe(
      Buffer.from(golden(sample.title)).toString('hex'),
    );
  });

  it.each(answers)('reads the $title to the last byte', (sample) => {
    expect(sample.decode(golden(sample.title))).toEqual({ value: sample.value, remaining: 0 });
  });

  it('leaves no vector of a message unread', () => {
    const sampled = new Set([...requests, ...answers].map((sample) => sample.title));
    const unread = goldenTitles.filter((title) => / (request|answer)/.test(title) && !sampled.has(title));
    expect(unread).toEqual([]);
  });
});

describe('truncated answers', () => {
  it.each(answers)('refuses the $title cut after any byte', (sample) => {
    const whole = golden(sample.title);
    for (let length = 0; length < whole.byteLength; length += 1) {
      expect(() => sample.decode(whole.subarray(0, length))).toThrow(WireError);
    }
  });
});

describe('records of a Fetch answer', () => {
  it('are a view of the answer, not a copy', () => {
    const whole = golden('Fetch answer');
    const records = fetch.decode(new Reader(whole)).topics[0]?.partitions[0]?.records;
    expect(records?.buffer).toBe(whole.buffer);
    whole.set([0x55], whole.indexOf(0xde));
    expect(records?.[0]).toBe(0x55);
  });
});
