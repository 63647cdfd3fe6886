import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { Clock } from '../../clock.ts';
import type { ClockSource } from '../external-clock.ts';
import { marzullo, type Interval } from '../marzullo.ts';
import { ntpRequest, readNtp, type NtpAnswer } from './ntp-packet.ts';

const PORT = 123;
/** Kiss codes that mean never again (RFC 5905 §7.4); all others mean not so often. */
const FOR_GOOD = ['DENY', 'RSTR'];
const RATE_PAUSE_MS = 3_600_000;

/**
 * NTP servers, one packet each: what strictly more than half of those that answer allow (RFC 5905 §11.2.1). Written here,
 * since the packages there are check neither whom an answer is for nor survive a wall clock that steps meanwhile.
 */
export function ntpSource(servers: readonly string[], clock: Clock): ClockSource {
  const silentUntilMs = new Map<string, number>();
  const heed = (server: string, answer: NtpAnswer): void => {
    if (answer.at !== 'kiss') return;
    const pauseMs = FOR_GOOD.includes(answer.code) ? Number.POSITIVE_INFINITY : RATE_PAUSE_MS;
    silentUntilMs.set(server, clock.now().monotonicMs + pauseMs);
  };
  return {
    name: `ntp ${servers.join(' ')}`,
    measure: async (signal) => {
      const nowMs = clock.now().monotonicMs;
      const willing = servers.filter((server) => (silentUntilMs.get(server) ?? nowMs) <= nowMs);
      if (willing.length === 0) throw new Error('every server asked us to stop asking (kiss-of-death)');
      const answers = await Promise.all(
        willing.map((server) =>
          ask(server, clock, signal).catch((error: unknown): NtpAnswer => ({
            at: 'unusable',
            why: String(error),
          })),
        ),
      );
      answers.forEach((answer, index) => {
        heed(willing[index]!, answer);
      });
      return agreed(willing, answers);
    },
  };
}

function agreed(
  servers: readonly string[],
  answers: readonly NtpAnswer[],
): { aheadMs: number; boundMs: number; synchronised: true } {
  const times = answers.flatMap((answer): Interval[] => (answer.at === 'time' ? [answer.offset] : []));
  if (times.length === 0)
    throw new Error(answers.map((answer, n) => `${servers[n]!} ${wordsFor(answer)}`).join('; '));
  const { loMs, hiMs, count } = marzullo(times);
  if (count * 2 <= times.length) throw new Error('the servers disagree');
  return { aheadMs: -(loMs + hiMs) / 2, boundMs: (hiMs - loMs) / 2, synchronised: true };
}

function wordsFor(answer: NtpAnswer): string {
  switch (answer.at) {
    case 'kiss':
      return `says ${answer.code}`;
    case 'unusable':
      return answer.why;
    case 'time':
      return 'answers';
  }
}

/** Until an answer made for this very question comes, or the signal aborts. */
async function ask(server: string, clock: Clock, signal: AbortSignal): Promise<NtpAnswer> {
  const { host, port } = addressOf(server);
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const close = (): void => {
    socket.close();
  };
  try {
    signal.throwIfAborted();
    const cookie = randomBytes(8);
    const answered = Promise.withResolvers<NtpAnswer>();
    const sent = clock.now();
    socket.on('message', (packet) => {
      const answer = readNtp(packet, cookie, sent, clock.now());
      if (answer !== undefined) answered.resolve(answer);
    });
    socket.on('error', (error) => {
      answered.reject(error);
    });
    socket.send(ntpRequest(cookie), port, address);
    const aborted = once(signal, 'abort').then((): NtpAnswer => ({ at: 'unusable', why: 'does not answer' }));
    return await Promise.race([answered.promise, aborted]);
  } finally {
    close();
  }
}

/** `host`, `host:port` or `[v6]:port`. */
function addressOf(server: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(server);
  return match === null
    ? { host: server, port: PORT }
    : { host: match[1] ?? match[2]!, port: match[3] === undefined ? PORT : Number(match[3]) };
}
