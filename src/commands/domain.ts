import { CATALOGUE } from '../errors.ts';
import { expectAnswer, openDomain } from '../lease/domain-handle.ts';
import { decodeTombstone, type DomainRecord } from '../lease/domain.ts';
import { keysUnder } from '../lease/protocol.ts';
import type { LeaseStore } from '../lease/store.ts';
import { retireDomain } from '../lease/tombstone.ts';
import { leaseTimesOf } from '../config/derived.ts';
import { restMs } from '../lease/timing.ts';
import { describe } from './init.ts';
import type { OptionLine } from './line.ts';
import { onStore, type OnStore } from './on-store.ts';
import { stamp } from './spell.ts';
import { pinOf } from './worker-settings.ts';

export type DomainVerb = 'show' | 'retire';

export const DOMAIN: readonly (readonly [DomainVerb, string, readonly OptionLine[]])[] = [
  ['show', 'the domain record: layout, epoch, slices with their names', [['--json', 'as one JSON object']]],
  [
    'retire',
    'stop every worker of the domain for good; then init makes its successor',
    [['--confirm <uuid>', 'the domain’s UUID: show prints it', 'uuid']],
  ],
];

export interface DomainRequest {
  readonly json?: boolean;
  readonly confirm?: string;
}

export interface DomainParts extends OnStore {
  readonly request: DomainRequest;
}

/** `snowstamp domain show|retire`. Returns the exit code. */
export async function domainCommand(verb: DomainVerb, parts: DomainParts): Promise<number> {
  if (verb === 'retire' && parts.request.confirm === undefined) {
    parts.out('domain retire: --confirm the domain’s UUID: every worker of it halts, and none starts again');
    return CATALOGUE.USAGE.exit;
  }
  return onStore(`domain ${verb}`, parts, (store) =>
    verb === 'show' ? show(store, parts) : retire(store, parts, parts.request.confirm!),
  );
}

async function show(store: LeaseStore, { config, clock, request, out }: DomainParts): Promise<number> {
  const { prefix } = config.domain;
  const key = keysUnder(prefix).domain;
  const { found } = expectAnswer(await store.look([{ do: 'get', key }]));
  const tombstone = decodeTombstone(found[0]?.[0]?.value ?? '');
  if (tombstone !== undefined) {
    tell(tombstone.record, tombstone.retiredAtMs);
    return CATALOGUE.DOMAIN_RETIRED.exit;
  }
  const { record } = await openDomain(store, prefix, pinOf(config));
  tell(record, undefined);
  return 0;

  function tell(shown: DomainRecord, retiredAtMs: number | undefined): void {
    if (request.json === true) {
      out(JSON.stringify({ prefix, retiredAtMs: retiredAtMs ?? null, ...shown }));
      return;
    }
    out(`domain under ${prefix}${retiredAtMs === undefined ? '' : `, retired at ${stamp(retiredAtMs)}`}`);
    describe(shown, prefix, clock.now().wallMs, out);
  }
}

async function retire(store: LeaseStore, parts: DomainParts, confirmedId: string): Promise<number> {
  const { config, clock, out } = parts;
  const handle = await openDomain(store, config.domain.prefix, pinOf(config));
  const result = await retireDomain(store, clock, handle, confirmedId);
  if (result.at === 'refused') {
    out(`domain retire: refused: ${result.why}`);
    return CATALOGUE.CONFIG_INVALID.exit;
  }
  const times = leaseTimesOf(config);
  const waitS = Math.ceil((times.windowMs + restMs(times)) / 1_000);
  out('domain retire: done; its workers halt within their window (DOMAIN_RETIRED)');
  out(`  in ${waitS} s at most every window is over: then snowstamp init makes the successor here`);
  return 0;
}
