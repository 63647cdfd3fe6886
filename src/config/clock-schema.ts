import { ms, text, z } from './field.ts';

const sources = z.strictObject({
  chronyCommand: text.optional().describe('chronyc of this host, asked for tracking; its name or path.'),
  nodeExporterUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Metrics of the node_exporter of this host; needs its timex collector.'),
  ntpServers: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('host or host:port; what most of those that answer agree on.'),
  everyMs: ms(1_000).default(30_000).describe('Time between askings.'),
});

export const clockSchema = z.strictObject({
  proof: z
    .enum(['auto', 'required', 'none'])
    .default('auto')
    .describe('Whether the first grant waits for a proof that the clock is right.'),
  maxLeadMs: ms().max(1_000).default(5).describe('How far IDs may run ahead of the wall clock.'),
  absorbBackMs: ms().default(5).describe('Steps back up to this are absorbed.'),
  holdBackMs: ms().default(500).describe('Steps back up to this are waited out.'),
  mode: z
    .enum(['wait', 'logicalOffset'])
    .default('wait')
    .describe(
      'logicalOffset: IDs run on through steps back up to maxLogicalLeadMs, ahead of the wall clock.',
    ),
  maxLogicalLeadMs: ms()
    .max(1_000)
    .default(1_000)
    .describe('How far ahead of it, and so the largest step back that is carried; in that mode alone.'),
  maxHoldMs: ms().default(2_000).describe('Longest such wait.'),
  noticeForwardMs: ms().default(50).describe('Steps ahead beyond this are counted, and peers compared anew.'),
  forwardStepMs: ms()
    .default(500)
    .describe('Steps ahead beyond this suspend minting until a grant confirms the time.'),
  warnOffsetMs: ms().default(100).describe('Off by more than this for certain: a warning.'),
  notReadyOffsetMs: ms().default(500).describe('Off by more than this for certain: not ready.'),
  refuseOffsetMs: ms()
    .default(2_000)
    .describe('Off by more than this for certain: no worker ID is claimed, no window granted.'),
  maxErrorMs: ms()
    .default(250)
    .describe(
      'A clock source that allows a larger error vouches for nothing: a warning; no claim without peers.',
    ),
  maxUnsynchronisedMs: ms(1_000)
    .default(600_000)
    .describe('No clock source knew the time for longer than this: the same.'),
  rollbackAlarmCount: z
    .int()
    .min(1)
    .default(3)
    .describe('Set back so many times, however little, within rollbackAlarmMs: a warning until it is over.'),
  rollbackAlarmMs: ms(1_000).default(600_000).describe('That span.'),
  sources: sources.optional().describe('Who knows the time outside the fleet.'),
  stallMs: ms(500).default(1_000).describe('A gap longer than this between two looks at the clocks is told.'),
});
