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
  if (by !== undefined) parts.push(`by=${by.replace(/[^\w.:-]/g, '_').slice(0, MAX_NAME)}`);
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
    ...(by === undefined ? {} : { by }),
    ...(at === undefined || !/^\d{1,15}$/.test(at) ? {} : { releasedAtMs: Number(at) }),
  };
}

/** `beacon`: the wall clock of whoever claimed or granted last, at sending. Compared by clocks only. */
export interface Beacon {
  readonly nonce: string;
  readonly wallMs: number;
}

export function encodeBeacon({ nonce, wallMs }: Beacon): string {
  return `${nonce};${wallMs}`;
}

export function decodeBeacon(text: string): Beacon | undefined {
  const match = /^([0-9a-f]+);(\d{1,15})$/.exec(text);
  return match === null ? undefined : { nonce: match[1]!, wallMs: Number(match[2]) };
}
