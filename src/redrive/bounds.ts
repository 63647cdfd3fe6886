import type { Clock } from '../clock.ts';
import { SnowstampError } from '../errors.ts';
import type { Cluster } from '../kafka/cluster/port.ts';
import { fetchCommitted } from '../kafka/transaction/offsets.ts';
import { ERROR } from '../kafka/wire/errors.ts';
import { patiently, type LogReader } from '../pipeline/log-reader.ts';
import type { TopicPartition } from './port.ts';
import { Ledger } from './ledger.ts';

/** A dead owner's transaction holds its offsets for at most its timeout. */
const PATIENCE_MS = 20_000;

/** What earlier runs dealt with, as far as it is still there. */
export async function ledgerOf(
  parts: { readonly cluster: Cluster; readonly clock: Clock; readonly groupId: string },
  log: LogReader,
  at: TopicPartition,
): Promise<Ledger> {
  const { cluster, clock, groupId } = parts;
  const start = await patiently(clock, () => log.start(at));
  const options = { clock, signal: new AbortController().signal, timeoutMs: PATIENCE_MS };
  const outcome = await fetchCommitted(cluster, groupId, [at], options);
  if (outcome.result === 'ok') {
    const { offset, metadata } = outcome.offsets[0]!;
    return offset < 0 ? new Ledger(start) : Ledger.read(offset, metadata).from(start);
  }
  if (outcome.result === 'stopped') throw new SnowstampError('INTERNAL', 'nobody stops this question');
  const refused = outcome.result === 'fatal' || outcome.errorCode === ERROR.GROUP_AUTHORIZATION_FAILED;
  throw new SnowstampError(
    refused ? 'KAFKA_REFUSED' : 'KAFKA_UNREACHABLE',
    `group ${groupId}: ${outcome.why}`,
  );
}
