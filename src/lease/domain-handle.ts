import { SnowstampError } from '../errors.ts';
import { decodeDomain, domainDifferences, isTombstone } from './domain.ts';
import type { DomainPin, DomainRecord } from './domain.ts';
import { keysUnder } from './protocol.ts';
import type { Keys } from './protocol.ts';
import type { Answer, LeaseStore } from './store.ts';

/** The domain as read at start, and kept for the life of the process. */
export interface DomainHandle {
  readonly keys: Keys;
  readonly record: DomainRecord;
  /** The record's text as it stands in the store: what every transaction compares. */
  readonly text: string;
}

/**
 * Reads the domain record and holds it against what is configured. Workers never write it.
 * @throws SnowstampError DOMAIN_MISSING, DOMAIN_RETIRED, DOMAIN_DIFFERS (all fields), STORE_UNREACHABLE, STORE_REFUSED, STORE_ROLLED_BACK.
 */
export async function openDomain(store: LeaseStore, prefix: string, pin: DomainPin): Promise<DomainHandle> {
  const keys = keysUnder(prefix);
  const { found } = expectAnswer(await store.look([{ do: 'get', key: keys.domain }]));
  const text = found[0]?.[0]?.value;
  if (text === undefined) {
    throw new SnowstampError('DOMAIN_MISSING', `nothing under ${keys.domain}: run snowstamp init first`);
  }
  if (isTombstone(text)) {
    throw new SnowstampError(
      'DOMAIN_RETIRED',
      `the domain under ${keys.domain} was retired: use its successor, or make it with snowstamp init`,
    );
  }
  const reading = decodeDomain(text);
  if (reading.at === 'unreadable') {
    throw new SnowstampError(
      'DOMAIN_DIFFERS',
      `the record under ${keys.domain} cannot be used: ${reading.why}`,
    );
  }
  const differences = domainDifferences(pin, reading.record);
  if (differences.length > 0) throw new SnowstampError('DOMAIN_DIFFERS', differences.join('; '));
  return { keys, record: reading.record, text };
}

/** For callers that can only go on with an answer. @throws SnowstampError STORE_… */
export function expectAnswer<T>(answer: Answer<T>): T {
  switch (answer.at) {
    case 'answered':
      return answer.value;
    case 'rolled-back':
      throw new SnowstampError('STORE_ROLLED_BACK', answer.detail);
    case 'refused':
      throw new SnowstampError('STORE_REFUSED', answer.detail);
    case 'unanswered':
    case 'full':
      throw new SnowstampError('STORE_UNREACHABLE', answer.detail);
    case 'lease-gone':
      throw new SnowstampError('INTERNAL', 'a lease error where no lease was used');
  }
}
