import type { Partition } from './partition.ts';
import type { Lag } from './port.ts';

/** Lag against the last stable offset, which is as far as a read_committed reader can go; PURE. */
export function lagOf(partition: Partition, wallMs: number): Lag {
  const { position, lastStableOffset, inflow, route, token, state } = partition;
  const records = position < 0 || lastStableOffset < 0 ? undefined : Math.max(0, lastStableOffset - position);
  const oldestMs = inflow.oldestTimestampMs;
  const ageSeconds = oldestMs === undefined ? undefined : Math.max(0, (wallMs - oldestMs) / 1_000);
  return {
    route: route.name,
    topic: token.topic,
    partition: token.partition,
    records,
    seconds: records === 0 ? 0 : ageSeconds,
    state: state.at === 'stopped' ? `stopped:${state.code}` : state.at,
    why: whyOf(partition),
  };
}

function whyOf({ state, trouble }: Partition): string | undefined {
  switch (state.at) {
    case 'opening':
    case 'sidelined':
      return state.why;
    case 'floor':
    case 'open':
      return trouble?.why;
    case 'stopped':
      return undefined;
  }
}
