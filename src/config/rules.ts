import { connectionRules } from './connection-rules.ts';
import { identityRules } from './identity-rules.ts';
import { mappingRules } from './mapping-rules.ts';
import type { Mistake } from './mistake.ts';
import { registryRules } from './registry-rules.ts';
import { routeRules } from './route-rules.ts';
import { rule, when, type Rule } from './rule.ts';
import { stampRules } from './stamp-rules.ts';

const sizeRules = rule(['pipeline', 'kafka'], ({ pipeline, kafka }) => [
  ...when(
    pipeline.commitIntervalMs >= kafka.transactionTimeoutMs / 2,
    'pipeline.commitIntervalMs',
    `${pipeline.commitIntervalMs} ms is not below half of kafka.transactionTimeoutMs`,
    'shorten it',
  ),
  ...when(
    pipeline.memoryBytes < 2 * kafka.fetchPartitionMaxBytes + pipeline.transactionBytes,
    'pipeline.memoryBytes',
    'does not hold two fetches of a partition and a transaction',
    'raise it, or lower the sizes',
  ),
  ...when(
    pipeline.retryFirstMs > pipeline.retryMaxMs,
    'pipeline.retryFirstMs',
    'is above retryMaxMs',
    'lower it',
  ),
]);

const admissionRules = rule(['admission'], ({ admission }) => [
  ...when(
    admission.openAt >= admission.shutAt,
    'admission.openAt',
    `${admission.openAt} is not below shutAt ${admission.shutAt}`,
    'leave a gap, or the valve flutters',
  ),
  ...when(
    admission.openAtRecords >= admission.shutAtRecords,
    'admission.openAtRecords',
    'is not below shutAtRecords',
    'leave a gap, or the valve flutters',
  ),
]);

const RULES: readonly Rule[] = [
  ...identityRules,
  ...connectionRules,
  routeRules,
  mappingRules,
  stampRules,
  ...registryRules,
  sizeRules,
  admissionRules,
];

/** All rules between settings, all their mistakes. PURE. */
export const ruleMistakes = (sections: Parameters<Rule>[0], nowMs: number): Mistake[] =>
  RULES.flatMap((ask) => ask(sections, nowMs));
