import type { Clock } from '../../clock.ts';
import type { Dialed } from './dialer.ts';
import type { BrokerLink } from './link.ts';
import type { LogSink } from './options.ts';

/** Share of the lifetime after which a session is renewed, spread so that connections do not all renew at once. */
const RENEW_FROM = 0.8;
const RENEW_SPREAD = 0.1;
/** Past this share the link is closed rather than used with a session that may end at any request. */
const GIVE_UP_AT = 0.95;
const RETRY_SHARE = 0.03;
const RETRY_MAX_MS = 1_000;
/** A token provider that hands out dying tokens must not become a storm of connections. */
const RENEW_MIN_MS = 100;

/** When to renew, when to give up, and how long between tries; milliseconds since the dial. PURE. `spread` in [0, 1). */
export function sessionPlan(
  lifetimeMs: number,
  spread: number,
): { renewAtMs: number; giveUpAtMs: number; retryMs: number } {
  return {
    renewAtMs: Math.max(RENEW_MIN_MS, lifetimeMs * (RENEW_FROM + RENEW_SPREAD * spread)),
    giveUpAtMs: lifetimeMs * GIVE_UP_AT,
    retryMs: Math.min(RETRY_MAX_MS, lifetimeMs * RETRY_SHARE),
  };
}

export interface SessionOptions {
  readonly redial: (signal: AbortSignal) => Promise<Dialed>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: LogSink;
}

/**
 * Keeps a link's SASL session alive (KIP-368) by moving it to a fresh connection in time. Not by re-authenticating
 * the old one: KafkaJS takes whatever answer arrives meanwhile for the authentication's. Returns when the link closes.
 */
export async function keepSession(link: BrokerLink, options: SessionOptions): Promise<void> {
  const open = (): boolean => !link.closed.aborted;
  while (open() && link.dialed.sessionLifetimeMs > 0) {
    const { dialedAtMs, sessionLifetimeMs } = link.dialed;
    const plan = sessionPlan(sessionLifetimeMs, options.random());
    const sinceDialMs = (): number => options.clock.now().monotonicMs - dialedAtMs;
    await options.clock.sleep(Math.max(0, plan.renewAtMs - sinceDialMs()), link.closed);
    while (open() && !(await renewed(link, options))) {
      if (sinceDialMs() >= plan.giveUpAtMs) link.close('the SASL session could not be renewed');
      else await options.clock.sleep(plan.retryMs, link.closed);
    }
  }
}

async function renewed(link: BrokerLink, { redial, log }: SessionOptions): Promise<boolean> {
  try {
    return await link.replace(await redial(link.closed));
  } catch (cause) {
    if (!link.closed.aborted)
      log('warn', 'SASL session not renewed yet', { link: link.label, cause: String(cause) });
    return false;
  }
}
