import { describe, expect, it } from '@jest/globals';
import { next, permits, type Event, type Phase } from '../../src/lifecycle.ts';

type Step = (phase: Phase, event: Event) => Phase;

const EVENTS: readonly Event[] = [
  { on: 'permit' },
  { on: 'permit-lapsed', why: 'lease' },
  { on: 'permit-lapsed', why: 'clock' },
  { on: 'stop' },
  { on: 'drained' },
  { on: 'broken', code: 'A' },
  { on: 'broken', code: 'B' },
];

/** What the events so far say, remembered without the machine: the truth it is held against. */
interface History {
  readonly permitted: boolean;
  readonly asked: boolean;
  readonly broke: string | undefined;
}

interface Node {
  readonly phase: Phase;
  readonly history: History;
  readonly path: readonly string[];
}

const over = ({ at }: Phase): boolean => at === 'stopped' || at === 'halted';

/** Nothing that happens after the end counts. */
function remember({ permitted, asked, broke }: History, event: Event, before: Phase): History {
  if (over(before)) return { permitted, asked, broke };
  switch (event.on) {
    case 'permit':
      return { permitted: true, asked, broke };
    case 'permit-lapsed':
      return { permitted: false, asked, broke };
    case 'stop':
      return { permitted, asked: true, broke };
    case 'drained':
      return { permitted, asked, broke };
    case 'broken':
      return { permitted, asked, broke: event.code };
  }
}

/** One sentence per broken rule. */
function wrongs(before: Phase, event: Event, after: Phase, { permitted, asked, broke }: History): string[] {
  const { intake, ready, openTransaction } = permits(after);
  const rules: readonly (readonly [boolean, string])[] = [
    [over(before) && after !== before, 'stopped and halted are left by nothing'],
    [intake && !permitted, 'takes input without a permit'],
    [openTransaction === 'runs' && !permitted, 'keeps a transaction running without a permit'],
    [ready && after.at !== 'serving', 'is ready without serving'],
    [asked && (intake || ready), 'serves although it was asked to stop'],
    [before.at === 'draining' && !['draining', 'stopped', 'halted'].includes(after.at), 'draining goes back'],
    [after.at === 'stopped' && before.at !== 'stopped' && before.at !== 'draining', 'stops without draining'],
    [
      broke !== undefined && (after.at !== 'halted' || after.code !== broke),
      'goes on, or halts with another code',
    ],
    [after.at === 'halted' && broke === undefined, 'halts although nothing broke'],
    [event.on === 'permit' && !asked && !over(before) && after.at !== 'serving', 'does not take a permit'],
  ];
  return rules.flatMap(([wrong, says]) => (wrong ? [says] : []));
}

/** Every reachable (phase, history), breadth first; the shortest way to each broken rule. */
function search(step: Step): {
  readonly phases: Set<string>;
  readonly broken: Map<string, readonly string[]>;
} {
  const start: Node = {
    phase: { at: 'acquiring' },
    history: { permitted: false, asked: false, broke: undefined },
    path: [],
  };
  const seen = new Set<string>();
  const phases = new Set<string>();
  const broken = new Map<string, readonly string[]>();
  const queue = [start];
  for (const { phase, history, path } of queue) {
    const key = JSON.stringify([phase, history]);
    if (seen.has(key)) continue;
    seen.add(key);
    phases.add(JSON.stringify(phase));
    for (const event of EVENTS) {
      const after = step(phase, event);
      const then = remember(history, event, phase);
      const way = [...path, JSON.stringify(event)];
      for (const wrong of wrongs(phase, event, after, then)) if (!broken.has(wrong)) broken.set(wrong, way);
      queue.push({ phase: after, history: then, path: way });
    }
  }
  return { phases, broken };
}

describe('every sequence of events, over every reachable phase', () => {
  it('breaks no rule, and reaches eight phases', () => {
    const { phases, broken } = search(next);
    expect([...broken]).toEqual([]);
    expect([...phases].toSorted()).toEqual(
      [
        '{"at":"acquiring"}',
        '{"at":"draining"}',
        '{"at":"halted","code":"A"}',
        '{"at":"halted","code":"B"}',
        '{"at":"serving"}',
        '{"at":"stopped"}',
        '{"at":"suspended","why":"clock"}',
        '{"at":"suspended","why":"lease"}',
      ].toSorted(),
    );
  });

  it('the end is always near: from every phase, stop and drained lead to stopped unless something broke', () => {
    for (const text of search(next).phases) {
      const phase = JSON.parse(text) as Phase;
      const end = next(next(phase, { on: 'stop' }), { on: 'drained' });
      expect(end.at).toBe(phase.at === 'halted' ? 'halted' : 'stopped');
    }
  });

  /** The machine with one guard taken out, and the accident the search must find. */
  const CONTROLS: readonly (readonly [string, Step, string])[] = [
    [
      'a permit is taken while draining',
      (phase, event) =>
        event.on === 'permit' && phase.at === 'draining' ? { at: 'serving' } : next(phase, event),
      'draining goes back',
    ],
    [
      'a lapse is ignored while serving',
      (phase, event) => (event.on === 'permit-lapsed' ? phase : next(phase, event)),
      'takes input without a permit',
    ],
    [
      'a halted worker takes a permit',
      (phase, event) =>
        event.on === 'permit' && phase.at === 'halted' ? { at: 'serving' } : next(phase, event),
      'stopped and halted are left by nothing',
    ],
    [
      'the last broken invariant wins',
      (phase, event) =>
        event.on === 'broken' && phase.at === 'halted'
          ? { at: 'halted', code: event.code }
          : next(phase, event),
      'stopped and halted are left by nothing',
    ],
    [
      'drained counts in every phase',
      (phase, event) => (event.on === 'drained' && !over(phase) ? { at: 'stopped' } : next(phase, event)),
      'stops without draining',
    ],
    [
      'stop waits for a permit',
      (phase, event) => (event.on === 'stop' && phase.at === 'acquiring' ? phase : next(phase, event)),
      'serves although it was asked to stop',
    ],
    [
      'a clock in doubt outlives a permit',
      (phase, event) =>
        event.on === 'permit' && phase.at === 'suspended' && phase.why === 'clock'
          ? phase
          : next(phase, event),
      'does not take a permit',
    ],
  ];

  it.each(CONTROLS)('control: %s', (_, step, accident) => {
    expect([...search(step).broken.keys()]).toContain(accident);
  });
});
