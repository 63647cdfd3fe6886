import { ms, z } from './field.ts';

export const clockSchema = z.strictObject({
  maxLeadMs: ms().max(1_000).default(5).describe('How far IDs may run ahead of the wall clock.'),
  absorbBackMs: ms().default(5).describe('Steps back up to this are absorbed.'),
  holdBackMs: ms().default(500).describe('Steps back up to this are waited out.'),
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
  stallMs: ms(500).default(1_000).describe('A gap longer than this between two looks at the clocks is told.'),
});
