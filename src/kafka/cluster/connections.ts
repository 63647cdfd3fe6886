import type { Clock } from '../../clock.ts';
import { DialError, show } from './dialer.ts';
import type { Address, Dial, Dialed } from './dialer.ts';
import { BrokerLink } from './link.ts';
import type { LogSink } from './options.ts';
import { LinkError } from './port.ts';
import type { Node, Purpose } from './port.ts';
import { keepSession } from './session.ts';
import { allLacking } from './versions.ts';

interface Slot {
  readonly address: Address;
  /** Shared by all who ask while it is being made. */
  readonly opening: Promise<BrokerLink>;
  /** Aborts the dial, or closes the link. */
  readonly end: AbortController;
}

export interface ConnectionsOptions {
  readonly dial: Dial;
  readonly clientId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: LogSink;
}

/**
 * At most one connection per (node, purpose). A slot leaves the map in the same tick in which its link closes or its
 * dial fails, so that the next caller dials anew; nothing here retries.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #slots = new Map<string, Slot>();
  #closed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Rejects with LinkError `unreachable`, `refused`, `unsupported`, or `closed` after `close`. */
  open(node: Node, purpose: Purpose): Promise<BrokerLink> {
    const key = `${node.nodeId}/${purpose}`;
    const known = this.#slots.get(key);
    if (known !== undefined) {
      if (known.address.host === node.host && known.address.port === node.port) return known.opening;
      known.end.abort();
    }
    if (this.#closed)
      return Promise.reject(new LinkError('closed', node.nodeId, 'the cluster client is closed'));
    return this.#begin(key, node, purpose);
  }

  /** Resolves once no socket is left. */
  async close(): Promise<void> {
    this.#closed = true;
    const slots = [...this.#slots.values()];
    for (const { end } of slots) end.abort();
    await Promise.allSettled(slots.map(async ({ opening }) => (await opening).gone()));
  }

  #begin(key: string, node: Node, purpose: Purpose): Promise<BrokerLink> {
    const end = new AbortController();
    const opening = this.#connect(node, purpose, end.signal);
    const slot: Slot = { address: node, opening, end };
    this.#slots.set(key, slot);
    const remove = (): void => {
      if (this.#slots.get(key) === slot) this.#slots.delete(key);
    };
    end.signal.addEventListener('abort', remove, { once: true });
    opening.then((link) => {
      link.closed.addEventListener('abort', remove, { once: true });
      if (link.closed.aborted) remove();
    }, remove);
    return opening;
  }

  async #connect(node: Node, purpose: Purpose, end: AbortSignal): Promise<BrokerLink> {
    const { clientId, clock, random, log } = this.#options;
    const label = `node ${node.nodeId} (${show(node)}) ${purpose}`;
    const dialed = await this.#dial(node, label, end);
    const link = new BrokerLink({ nodeId: node.nodeId, label, clientId, clock, dialed });
    const close = (): void => {
      link.close('closed by us');
    };
    end.addEventListener('abort', close, { once: true });
    link.closed.addEventListener(
      'abort',
      () => {
        log('debug', 'link closed', { link: label });
      },
      { once: true },
    );
    void keepSession(link, { redial: (signal) => this.#dial(node, label, signal), clock, random, log });
    log('debug', 'link open', { link: label });
    return link;
  }

  async #dial(node: Node, label: string, signal: AbortSignal): Promise<Dialed> {
    const dialed = await this.#options.dial(node, signal).catch((cause: unknown) => {
      throw asLinkError(cause, node.nodeId, label, signal);
    });
    const lacking = allLacking(dialed.ranges);
    if (signal.aborted || lacking.length > 0) {
      dialed.socket.destroy();
      throw signal.aborted
        ? new LinkError('closed', node.nodeId, `${label}: closed by us`)
        : new LinkError('unsupported', node.nodeId, `${label} lacks ${lacking.join('; ')}`);
    }
    return dialed;
  }
}

function asLinkError(cause: unknown, nodeId: number, label: string, signal: AbortSignal): LinkError {
  if (signal.aborted) return new LinkError('closed', nodeId, `${label}: closed by us`, cause);
  const failure = cause instanceof DialError ? cause.failure : 'unreachable';
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LinkError(failure, nodeId, `${label}: ${why}`, cause);
}
