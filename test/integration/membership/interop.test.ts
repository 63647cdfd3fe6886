import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provideKafka, type KafkaBackend } from '../../../deploy/local/backends.ts';
import { JavaMember } from './java-member.ts';
import { createTopic, uniqueName, Worker } from './support.ts';

let kafka: KafkaBackend;
beforeAll(async () => {
  kafka = await provideKafka();
}, 120_000);
afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
});

const leads = (worker: Worker) => worker.factsNamed('joined').at(-1)?.leader;

describe('one group with the cooperative sticky assignor of Java', () => {
  it('as leader: hands half to Java and takes it back, our kept tokens survive', async () => {
    const topic = await createTopic(kafka, 6);
    const groupId = uniqueName();
    await using ours = new Worker(kafka, { groupId, topics: [topic] });
    await ours.holds(6);
    const java = await JavaMember.start(kafka, groupId, topic);
    await java.holds(3);
    await ours.holds(3);
    expect(leads(ours)).toBe(true);
    const kept = [...ours.held];
    await java[Symbol.asyncDispose]();
    await ours.holds(6);
    expect(kept.every((token) => token.alive)).toBe(true);
    expect(ours.lost).toEqual([]);
  }, 90_000);

  it('as follower: Java believes our claims, nothing kept is moved by either', async () => {
    const topic = await createTopic(kafka, 6);
    const groupId = uniqueName();
    await using java = await JavaMember.start(kafka, groupId, topic);
    await java.holds(6);
    await using first = new Worker(kafka, { groupId, topics: [topic] });
    await first.holds(3);
    await java.holds(3);
    expect(leads(first)).toBe(false);
    const kept = [...first.held];
    await using second = new Worker(kafka, { groupId, topics: [topic] });
    await second.holds(2, 40_000);
    await java.holds(2);
    expect(first.held).toEqual(kept.filter((token) => token.alive));
    expect(first.held).toHaveLength(2);
    expect(java.revoked).toBe(4);
    expect([...first.lost, ...second.lost]).toEqual([]);
  }, 90_000);
});
