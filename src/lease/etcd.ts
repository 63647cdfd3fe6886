import { readFileSync } from 'node:fs';
import { Etcd3 } from 'etcd3';
import type { IOptions } from 'etcd3';
import type { Clock } from '../clock.ts';
import { endpointMistakes } from './endpoints.ts';
import type { EtcdSettings } from './endpoints.ts';
import { SnowstampError } from '../errors.ts';
import { toEntries, toRequest } from './etcd-wire.ts';
import type { Answer, LeaseStore, OpenedLease, Read, Transaction, TransactionResult } from './store.ts';

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;
interface CallOptions {
  readonly deadline: number;
}

interface Member {
  readonly address: string;
  client: Etcd3 | undefined;
}

/**
 * etcd through etcd3, used as a plain wire client: one client per endpoint, one try per call, nothing retried inside.
 * Its own retries would repeat a CLAIM whose answer was lost and report our own claim as somebody else's; its breaker
 * would shut us out for 5 s; its keepalive notices a hung member after the lease is gone. After a try without an
 * answer the next call goes to the next endpoint at once, and the old client is thrown away with its connection and
 * its token (streams never refresh one).
 */
export class EtcdStore implements LeaseStore {
  readonly #settings: EtcdSettings;
  readonly #clock: Clock;
  readonly #members: readonly Member[];
  #turn = 0;
  #highestRevision = 0n;
  #closed = false;

  /** @throws SnowstampError CONFIG_INVALID for endpoints or credentials that cannot work together. */
  constructor(settings: EtcdSettings, clock: Clock) {
    const mistakes = endpointMistakes(settings);
    if (mistakes.length > 0) throw new SnowstampError('CONFIG_INVALID', mistakes.join('; '));
    this.#settings = settings;
    this.#clock = clock;
    this.#members = settings.endpoints.map((address) => ({ address, client: undefined }));
  }

  transact(transaction: Transaction): Promise<Answer<TransactionResult>> {
    return this.#transact(transaction, 1);
  }

  look(operations: readonly Read[]): Promise<Answer<TransactionResult>> {
    return this.#transact({ when: [], then: operations, otherwise: [] }, this.#members.length);
  }

  openLease(ttlS: number): Promise<Answer<OpenedLease>> {
    return this.#call(1, async (client, options) => {
      const { ID, TTL } = await client.leaseClient.leaseGrant({ TTL: ttlS }, options);
      return { leaseId: ID, ttlMs: Number(TTL) * 1_000 };
    });
  }

  renewLease(leaseId: string): Promise<Answer<{ ttlMs: number }>> {
    return this.#call(this.#members.length, async (client, options) => ({
      ttlMs: await keepAliveOnce(client, leaseId, options),
    }));
  }

  closeLease(leaseId: string): Promise<Answer<null>> {
    return this.#call(this.#members.length, async (client, options) => {
      await client.leaseClient.leaseRevoke({ ID: leaseId }, options);
      return null;
    });
  }

  close(): void {
    this.#closed = true;
    for (const member of this.#members) discard(member);
  }

  async #transact(transaction: Transaction, tries: number): Promise<Answer<TransactionResult>> {
    // Taken at sending: answers of two calls on their way at once may overtake each other.
    const floor = this.#highestRevision;
    const request = toRequest(transaction);
    const answer = await this.#call(tries, (client, options) => client.kv.txn(request, options));
    if (answer.at !== 'answered') return answer;
    const { header, succeeded, responses } = answer.value;
    const revision = BigInt(header.revision);
    if (revision < floor) {
      return { at: 'rolled-back', detail: `answered with revision ${revision} after ${floor} had been seen` };
    }
    if (revision > this.#highestRevision) this.#highestRevision = revision;
    return {
      at: 'answered',
      value: { succeeded, revision: header.revision, found: responses.map(toEntries) },
    };
  }

  async #call<T>(
    tries: number,
    run: (client: Etcd3, options: CallOptions) => Promise<T>,
  ): Promise<Answer<T>> {
    let answer: Answer<T> = { at: 'unanswered', detail: 'not tried' };
    for (let n = 0; n < tries && !this.#closed; n++) {
      const index = this.#turn;
      answer = await this.#try(this.#members[index]!, run);
      if (answer.at !== 'unanswered') return answer;
      discard(this.#members[index]!);
      // Another call may have moved on meanwhile.
      if (this.#turn === index) this.#turn = (index + 1) % this.#members.length;
    }
    return answer;
  }

  /** gRPC's deadline is wall time, which may step, and leaves out the password exchange: our own timer is the bound. */
  async #try<T>(
    member: Member,
    run: (client: Etcd3, options: CallOptions) => Promise<T>,
  ): Promise<Answer<T>> {
    const { tryMs } = this.#settings;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${tryMs} ms`));
      }, tryMs);
    });
    try {
      member.client ??= this.#connect(member.address);
      const options = { deadline: this.#clock.now().wallMs + tryMs };
      return { at: 'answered', value: await Promise.race([run(member.client, options), late]) };
    } catch (error) {
      return troubleOf(member.address, error);
    } finally {
      clearTimeout(timer);
    }
  }

  #connect(address: string): Etcd3 {
    const { tls, auth, tryMs } = this.#settings;
    const deadline = (): { deadline: number } => ({ deadline: this.#clock.now().wallMs + tryMs });
    return new Etcd3({
      hosts: address,
      faultHandling: { global: once, host: () => once },
      grpcOptions: { 'grpc.max_reconnect_backoff_ms': 1_000, 'grpc.use_local_subchannel_pool': 1 },
      ...(tls === undefined
        ? {}
        : {
            credentials: {
              rootCertificate: readFileSync(tls.caFile),
              ...(tls.certFile === undefined ? {} : { certChain: readFileSync(tls.certFile) }),
              ...(tls.keyFile === undefined ? {} : { privateKey: readFileSync(tls.keyFile) }),
            },
          }),
      ...(auth === undefined ? {} : { auth: { ...auth, callOptions: deadline } }),
    });
  }
}

/** Calls once, whatever happens. */
const bare: Omit<Policy, '_altReturn'> = {
  onSuccess: () => ({ dispose: () => undefined }),
  onFailure: () => ({ dispose: () => undefined }),
  execute: <T>(run: (context: { signal: AbortSignal }) => T | PromiseLike<T>): Promise<T> =>
    Promise.resolve({ signal: neverAborted }).then(run),
};
const once = bare as Policy;
const neverAborted = new AbortController().signal;

function discard(member: Member): void {
  member.client?.close();
  member.client = undefined;
}

/** One stream, one write, one read: `data`, `error`, `end` and the caller's timer all end it. */
async function keepAliveOnce(client: Etcd3, leaseId: string, options: CallOptions): Promise<number> {
  const stream = await client.leaseClient.leaseKeepAlive(options);
  return new Promise((resolve, reject) => {
    stream.on('data', ({ TTL }) => {
      resolve(Number(TTL) * 1_000);
      stream.end();
    });
    stream.on('error', reject);
    stream.on('end', () => {
      reject(new Error('the keepalive stream ended without an answer'));
    });
    stream.write({ ID: leaseId });
  });
}

/** What is known not to have been applied is told from what may have been. */
function troubleOf(address: string, error: unknown): Exclude<Answer<never>, { at: 'answered' }> {
  const name = error instanceof Error ? error.constructor.name : '';
  const text = error instanceof Error ? error.message : String(error);
  const detail = `${address}: ${text}`;
  if (name === 'EtcdLeaseInvalidError') return { at: 'lease-gone' };
  if (text.includes('database space exceeded')) return { at: 'full', detail };
  return REFUSALS.has(name) ? { at: 'refused', detail } : { at: 'unanswered', detail };
}

/** An expired token is none: the next client fetches a new one. */
const REFUSALS = new Set([
  'EtcdPermissionDeniedError',
  'EtcdAuthenticationFailedError',
  'GRPCUnauthenticatedError',
  'GRPCInvalidArgumentError',
  'GRPCNotImplementedError',
]);
