/** Text forms of what stands under the keys. */

/** `window/<node>`: until when timestamps of a node may have been used, and how it was left. */
export interface WindowValue {
  /** Exclusive upper bound of every timestamp ever granted. Unix ms. */
  readonly untilMs: number;
  /** True from the first GRANT to a clean RELEASE: without that release it counts as used to the end. */
  readonly held: boolean;
  /** Who wrote it: diagnostics, no meaning for the protocol. */
  readonly by?: string;
  /** Wall clock of a clean release; absent in a window that was never held. */
  readonly releasedAtMs?: number;
}

const UNTIL_DIGITS = 20;
const MAX_NAME = 64;

/**
 * Fixed width, so that the store's bytewise compare is a numeric one; a whole window starts with it.
 * @throws RangeError for anything but a whole number from 0: such a window would bar its node for good.
 */
export function encodeUntil(untilMs: number): string {
  if (!Number.isSafeInteger(untilMs) || untilMs < 0) throw new RangeError(`no bound of a window: ${untilMs}`);
  return String(untilMs).padStart(UNTIL_DIGITS, '0');
}

/** At most 128 bytes. */
export function encodeWindow({ untilMs, held, by, releasedAtMs }: WindowValue): string {
  const parts = [encodeUntil(untilMs), held ? 'held' : 'released'];
  if (releasedAtMs !== undefined) parts.push(`at=${releasedAtMs}`);
  if (by !== undefined) parts.push(`by=${plain(by)}`);
  return parts.join(';');
}

export function decodeWindow(text: string): WindowValue | undefined {
  const match = /^(\d{20});(held|released)(?:;(.*))?$/.exec(text);
  if (match === null) return undefined;
  const untilMs = Number(match[1]);
  if (!Number.isSafeInteger(untilMs)) return undefined;
  const notes = new Map((match[3] ?? '').split(';').map((note) => [note.slice(0, 3), note.slice(3)]));
  const by = notes.get('by=');
  const at = notes.get('at=');
  return {
    untilMs,
    held: match[2] === 'held',
    // It ends on terminals: nothing that moves a cursor.
    ...(by === undefined ? {} : { by: by.replace(/[^\x20-\x7e]/g, '?') }),
    ...(at === undefined || !/^\d{1,15}$/.test(at) ? {} : { releasedAtMs: Number(at) }),
  };
}

/** `beacon`: the wall clock of whoever claimed or granted last, at sending. Compared by clocks only: peers.ts. */
export interface Beacon {
  readonly nonce: string;
  /** Whole Unix ms. */
  readonly wallMs: number;
  /** Whose clock it is: host or pod. */
  readonly name?: string;
  /** False from a CLAIM, true from a GRANT. */
  readonly granted?: boolean;
  readonly heard?: Heard | undefined;
}

/** The speaker's CLAIM or GRANT before, which the store applied between sending and answer; ages at the stamp, whole ms. */
export interface Heard {
  readonly revision: string;
  readonly sentAgoMs: number;
  readonly answeredAgoMs: number;
}

/** At most 192 bytes. */
export function encodeBeacon({ nonce, wallMs, name, granted, heard }: Beacon): string {
  const parts = [nonce, String(wallMs)];
  if (name !== undefined) parts.push(granted === true ? 'g' : 'c', plain(name));
  if (name !== undefined && heard !== undefined)
    parts.push(heard.revision, String(heard.sentAgoMs), String(heard.answeredAgoMs));
  return parts.join(';');
}

export function decodeBeacon(text: string): Beacon | undefined {
  const match =
    /^([0-9a-f]+);(\d{1,15})(?:;([cg]);([\w.:-]{1,64})(?:;(\d{1,19});(\d{1,15});(\d{1,15}))?)?$/.exec(text);
  if (match === null) return undefined;
  const [, nonce, wallMs, kind, name, revision, sentAgoMs, answeredAgoMs] = match;
  return {
    nonce: nonce!,
    wallMs: Number(wallMs),
    ...(name === undefined ? {} : { name, granted: kind === 'g' }),
    ...(revision === undefined
      ? {}
      : { heard: { revision, sentAgoMs: Number(sentAgoMs), answeredAgoMs: Number(answeredAgoMs) } }),
  };
}

/** A name that can break the form of no value. */
function plain(name: string): string {
  const text = name.replace(/[^\w.:-]/g, '_').slice(0, MAX_NAME);
  return text === '' ? '_' : text;
}
