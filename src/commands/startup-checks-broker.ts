import type { Settings } from '../kafka/cluster/admin.ts';
import { numberIn, type Finding } from './finding.ts';

export interface BrokerFacts {
  readonly nodeId: number;
  /** Undefined: they may not be described, or the broker did not answer. */
  readonly settings: Settings | undefined;
}

/** Times of ours that a broker may refuse. Milliseconds. */
export interface OurTimes {
  readonly transactionTimeoutMs: number;
  readonly sessionTimeoutMs: number;
}

/** What a broker's own settings mean for us (data-path rule 17). PURE. */
export function brokerFindings({ nodeId, settings }: BrokerFacts, ours: OurTimes): readonly Finding[] {
  const subject = `broker ${nodeId}`;
  if (settings === undefined)
    return [
      {
        level: 'warn',
        subject,
        found: 'its settings cannot be read, so nothing about them is checked',
        remedy: 'grant DescribeConfigs on the cluster to this user',
      },
    ];
  return [
    ...limit(subject, settings, 'transaction.max.timeout.ms', (most) => most >= ours.transactionTimeoutMs, {
      ours: `kafka.transactionTimeoutMs is ${ours.transactionTimeoutMs}`,
      remedy: 'lower kafka.transactionTimeoutMs, or raise the broker’s limit',
    }),
    ...limit(subject, settings, 'group.max.session.timeout.ms', (most) => most >= ours.sessionTimeoutMs, {
      ours: `kafka.sessionTimeoutMs is ${ours.sessionTimeoutMs}`,
      remedy: 'lower kafka.sessionTimeoutMs, or raise the broker’s limit',
    }),
    ...limit(subject, settings, 'group.min.session.timeout.ms', (least) => least <= ours.sessionTimeoutMs, {
      ours: `kafka.sessionTimeoutMs is ${ours.sessionTimeoutMs}`,
      remedy: 'raise kafka.sessionTimeoutMs, or lower the broker’s limit',
    }),
    ...verification(subject, settings),
  ];
}

/** Beyond it the broker refuses us for good: INVALID_TRANSACTION_TIMEOUT, INVALID_SESSION_TIMEOUT. */
function limit(
  subject: string,
  settings: Settings,
  name: string,
  holds: (limit: number) => boolean,
  { ours, remedy }: { readonly ours: string; readonly remedy: string },
): Finding[] {
  const value = numberIn(settings, name);
  if (value === undefined) return [];
  const found = `${name} is ${value}, ${ours}`;
  return holds(value)
    ? [{ level: 'ok', subject, found, remedy: '' }]
    : [{ level: 'fail', subject, found: `${found}: the broker would refuse it`, remedy }];
}

/** KIP-890: without it a late write of a transaction that is over can hang its partition for readers. */
function verification(subject: string, settings: Settings): Finding[] {
  const name = 'transaction.partition.verification.enable';
  const value = settings.get(name);
  if (typeof value !== 'string') return [];
  return value === 'true'
    ? [{ level: 'ok', subject, found: `${name} is true`, remedy: '' }]
    : [
        {
          level: 'warn',
          subject,
          found: `${name} is ${value}: a late write can leave a transaction open for ever (KIP-890)`,
          remedy: `set ${name}=true`,
        },
      ];
}
