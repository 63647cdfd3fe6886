import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ntpSource } from '../../../../src/lease/sources/ntp.ts';
import { ntpRequest, readNtp } from '../../../../src/lease/sources/ntp-packet.ts';
import { ManualClock } from '../manual-clock.ts';

const WALL_MS = Date.UTC(2026, 0, 1);
const UNIX_EPOCH_S = 2_208_988_800;

interface Reply {
  readonly leap?: number;
  readonly mode?: number;
  readonly stratum?: number;
  readonly reference?: string;
  /** Of the server's clock at receiving and sending. */
  readonly receivedMs?: number;
  readonly sentMs?: number;
  readonly rootDelayMs?: number;
  readonly rootDispersionMs?: number;
}

function write(packet: Buffer, at: number, ms: number): void {
  const seconds = Math.floor(ms / 1_000) + UNIX_EPOCH_S;
  packet.writeUInt32BE(seconds % 2 ** 32, at);
  packet.writeUInt32BE(Math.round(((ms % 1_000) / 1_000) * 2 ** 32), at + 4);
}

function reply(cookie: Buffer, said: Reply = {}): Buffer {
  const { leap = 0, mode = 4, stratum = 2, reference = '', rootDelayMs = 0, rootDispersionMs = 0 } = said;
  const packet = Buffer.alloc(48);
  packet[0] = (leap << 6) | (4 << 3) | mode;
  packet[1] = stratum;
  packet.writeUInt32BE(Math.round((rootDelayMs / 1_000) * 65_536), 4);
  packet.writeUInt32BE(Math.round((rootDispersionMs / 1_000) * 65_536), 8);
  packet.write(reference, 12, 'latin1');
  cookie.copy(packet, 24);
  write(packet, 32, said.receivedMs ?? WALL_MS);
  write(packet, 40, said.sentMs ?? said.receivedMs ?? WALL_MS);
  return packet;
}

const cookie = Buffer.from('0123456789abcdef', 'hex');
const sent = { wallMs: WALL_MS, monotonicMs: 1_000 };
const answered = { wallMs: WALL_MS + 40, monotonicMs: 1_040 };

describe('an NTP packet', () => {
  it('asks as a version 4 client, with a random number for our time', () => {
    const packet = ntpRequest(cookie);
    expect([packet.length, packet[0]]).toEqual([48, 0x23]);
    expect(packet.subarray(40)).toEqual(cookie);
    expect(packet.subarray(1, 40)).toEqual(Buffer.alloc(39));
  });

  it('bounds the server’s clock from both sides, whichever way was the slow one', () => {
    const packet = reply(cookie, { receivedMs: WALL_MS + 520, sentMs: WALL_MS + 530 });
    expect(readNtp(packet, cookie, sent, answered)).toEqual({
      at: 'time',
      offset: { loMs: expect.closeTo(489, 1), hiMs: expect.closeTo(521, 1) },
    });
    const far = reply(cookie, { receivedMs: WALL_MS + 520, rootDelayMs: 20, rootDispersionMs: 5 });
    expect(readNtp(far, cookie, sent, answered)).toMatchObject({
      offset: { loMs: expect.closeTo(464, 0), hiMs: expect.closeTo(536, 0) },
    });
  });

  it('a step of our wall clock while it was away is no delay', () => {
    const packet = reply(cookie, { receivedMs: WALL_MS + 20 });
    const stepped = { ...answered, wallMs: answered.wallMs + 3_600_000 };
    expect(readNtp(packet, cookie, sent, stepped)).toEqual(readNtp(packet, cookie, sent, answered));
  });

  it('after 2036 its seconds begin anew, and mean what they mean', () => {
    const later = Date.UTC(2040, 0, 1);
    const packet = reply(cookie, { receivedMs: later });
    const at = { wallMs: later, monotonicMs: 1_000 };
    expect(readNtp(packet, cookie, at, at)).toMatchObject({
      offset: { loMs: expect.closeTo(-1, 1), hiMs: expect.closeTo(1, 1) },
    });
  });

  const other = Buffer.from('fedcba9876543210', 'hex');
  it.each([
    ['for another question', reply(other)],
    ['too short', reply(cookie).subarray(0, 47)],
    ['from a client', reply(cookie, { mode: 3 })],
  ])('%s is no answer', (_, packet) => {
    expect(readNtp(packet, cookie, sent, answered)).toBeUndefined();
  });

  it.each([
    ['a kiss of death', { stratum: 0, reference: 'RATE' }, { at: 'kiss', code: 'RATE' }],
    ['an alarm', { leap: 3 }, { at: 'unusable', why: 'is not synchronised' }],
    ['stratum 16', { stratum: 16 }, { at: 'unusable', why: 'is not synchronised' }],
    [
      'a server that sent before it received',
      { receivedMs: WALL_MS + 5, sentMs: WALL_MS },
      { at: 'unusable', why: 'sends no usable time' },
    ],
  ])('%s gives no time', (_, said, answer) => {
    expect(readNtp(reply(cookie, said), cookie, sent, answered)).toEqual(answer);
  });
});

describe('servers', () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  /** A server; `undefined` says nothing, a list says several things. Returns its address and counts what it was asked. */
  async function server(
    say: (cookie: Buffer) => readonly Buffer[],
  ): Promise<{ address: string; asked: () => number }> {
    const socket = createSocket('udp4');
    let asked = 0;
    socket.on('message', (packet, { port, address }) => {
      asked++;
      for (const answer of say(packet.subarray(40, 48))) socket.send(answer, port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    sockets.push(socket);
    return { address: `127.0.0.1:${socket.address().port}`, asked: () => asked };
  }

  const right = () => server((ours) => [reply(ours, { receivedMs: WALL_MS + 250 })]);
  const wrong = () => server((ours) => [reply(ours, { receivedMs: WALL_MS + 9_000_000 })]);
  const silent = () => server(() => []);
  const measure = (...servers: { address: string }[]) =>
    ntpSource(
      servers.map(({ address }) => address),
      new ManualClock(WALL_MS),
    );

  async function soon<T>(measuring: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const done = new AbortController();
    const timer = setTimeout(() => {
      done.abort();
    }, 500);
    return measuring(done.signal).finally(() => {
      clearTimeout(timer);
    });
  }

  it('one answer: behind by what the server is ahead', async () => {
    const source = measure(await right());
    expect(source.name).toMatch(/^ntp 127\.0\.0\.1:\d+$/);
    const { aheadMs, boundMs, synchronised } = await soon((signal) => source.measure(signal));
    expect([aheadMs, boundMs, synchronised]).toEqual([expect.closeTo(-250, 0), expect.closeTo(1, 0), true]);
  });

  it('an answer to somebody else before the right one is passed over', async () => {
    const odd = await server((ours) => [
      reply(Buffer.alloc(8, 1), { receivedMs: WALL_MS + 9_000_000 }),
      reply(ours, { receivedMs: WALL_MS + 250 }),
    ]);
    const { aheadMs } = await soon((signal) => measure(odd).measure(signal));
    expect(aheadMs).toBeCloseTo(-250, 0);
  });

  it('two of three agree: the third is outvoted; one of two each: nobody is believed', async () => {
    const three = measure(await right(), await wrong(), await right());
    const { aheadMs } = await soon((signal) => three.measure(signal));
    expect(aheadMs).toBeCloseTo(-250, 0);
    const torn = measure(await right(), await wrong());
    await expect(soon((signal) => torn.measure(signal))).rejects.toThrow('the servers disagree');
  });

  it('one that is silent does not keep the others from being heard', async () => {
    const some = measure(await right(), await silent());
    const { aheadMs } = await soon((signal) => some.measure(signal));
    expect(aheadMs).toBeCloseTo(-250, 0);
    const none = measure(await silent());
    await expect(soon((signal) => none.measure(signal))).rejects.toThrow(/127\.0\.0\.1:\d+ does not answer/);
  });

  it('kiss-of-death: a server that says DENY is never asked again, RATE not for an hour', async () => {
    const clock = new ManualClock(WALL_MS);
    const deny = await server((ours) => [reply(ours, { stratum: 0, reference: 'DENY' })]);
    const rate = await server((ours) => [reply(ours, { stratum: 0, reference: 'RATE' })]);
    const source = ntpSource([deny.address, rate.address], clock);
    await expect(soon((signal) => source.measure(signal))).rejects.toThrow(/says DENY; .* says RATE/);
    await expect(soon((signal) => source.measure(signal))).rejects.toThrow('kiss-of-death');
    clock.skip(3_600_000);
    await expect(soon((signal) => source.measure(signal))).rejects.toThrow(/says RATE$/);
    expect([deny.asked(), rate.asked()]).toEqual([1, 2]);
  });
});
