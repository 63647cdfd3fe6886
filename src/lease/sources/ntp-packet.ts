import type { Instant } from '../../clock.ts';
import type { Interval } from '../marzullo.ts';

/** RFC 5905 §7.3; all of it PURE. */
const PACKET_BYTES = 48;
const ORIGIN_AT = 24;
const RECEIVE_AT = 32;
const TRANSMIT_AT = 40;
/** Unix time 0 in seconds of NTP's era 0. */
const UNIX_EPOCH_S = 2_208_988_800;
const ERA_S = 2 ** 32;

export type NtpAnswer =
  /** The server's clock less ours. */
  | { readonly at: 'time'; readonly offset: Interval }
  /** Kiss-of-death (§7.4): `RATE`, `DENY`, `RSTR` … */
  | { readonly at: 'kiss'; readonly code: string }
  | { readonly at: 'unusable'; readonly why: string };

/**
 * Version 4, client. The transmit timestamp is a random number instead of our time: the server sends it back as it is, so
 * an answer that was not made for this question is told apart, and our clock is told to nobody.
 */
export function ntpRequest(cookie: Buffer): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES);
  packet[0] = (4 << 3) | 3;
  cookie.copy(packet, TRANSMIT_AT, 0, 8);
  return packet;
}

/** Undefined: no answer to this question; somebody else's, an old one, or a forged one. */
export function readNtp(
  packet: Buffer,
  cookie: Buffer,
  sent: Instant,
  answered: Instant,
): NtpAnswer | undefined {
  if (packet.length < PACKET_BYTES || (packet[0]! & 7) !== 4) return undefined;
  if (!packet.subarray(ORIGIN_AT, ORIGIN_AT + 8).equals(cookie.subarray(0, 8))) return undefined;
  const leap = packet[0]! >> 6;
  const stratum = packet[1]!;
  if (stratum === 0) return { at: 'kiss', code: packet.toString('latin1', 12, 16).replace(/[^A-Z]/g, '?') };
  if (leap === 3 || stratum > 15) return { at: 'unusable', why: 'is not synchronised' };
  const receivedMs = timestampMs(packet, RECEIVE_AT);
  const sentBackMs = timestampMs(packet, TRANSMIT_AT);
  if (receivedMs === undefined || sentBackMs === undefined || sentBackMs < receivedMs)
    return { at: 'unusable', why: 'sends no usable time' };
  const rootMs = shortMs(packet, 4) / 2 + shortMs(packet, 8);
  // By the monotonic clock: a step of ours while the packet was away is no delay.
  const awayMs = answered.monotonicMs - sent.monotonicMs;
  const backMs = sent.wallMs + awayMs;
  // The whole way there, or the whole way back, may have taken no time at all; wall clocks are read in whole ms.
  return {
    at: 'time',
    offset: { loMs: sentBackMs - backMs - rootMs - 1, hiMs: receivedMs - sent.wallMs + rootMs + 1 },
  };
}

/** §6: 32.32 fixed point since 1900; the first half of an era counts as the next (from 2036 on). */
function timestampMs(packet: Buffer, at: number): number | undefined {
  const seconds = packet.readUInt32BE(at);
  const fraction = packet.readUInt32BE(at + 4);
  if (seconds === 0 && fraction === 0) return undefined;
  const sinceEra0S = seconds < ERA_S / 2 ? seconds + ERA_S : seconds;
  return (sinceEra0S - UNIX_EPOCH_S) * 1_000 + (fraction / 2 ** 32) * 1_000;
}

/** 16.16 fixed point seconds. */
const shortMs = (packet: Buffer, at: number): number => (packet.readUInt32BE(at) / 2 ** 16) * 1_000;
