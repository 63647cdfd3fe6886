import { assemble, type Assembled, type Fact } from '../assemble.ts';
import type { Clock } from '../clock.ts';
import { layoutOf } from '../config/derived.ts';
import type { Config } from '../config/schema.ts';
import { CATALOGUE } from '../errors.ts';
import { asKnown } from '../kafka/cluster/known-error.ts';
import type { Log } from '../ops/log.ts';
import { Metrics, type Gauges } from '../ops/metrics.ts';
import { serveHttp } from '../ops/http.ts';
import { intakeOf } from '../pipeline/admission.ts';
import { yearsLeft } from '../snowflake/layout.ts';
import type { Worker } from '../worker.ts';
import { logFact } from './log-facts.ts';
import { refuseClockBeforeRelease } from './release.ts';
import { checkLateTopics } from './startup-checks-later.ts';
import { kafkaFindings, refuseUnfit } from './startup-checks-survey.ts';
import { workerSettingsOf, type ReadFile } from './worker-settings.ts';

export interface RunParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly hostName: string;
  readonly pid: number;
  readonly readFile: ReadFile;
  /** Aborts at SIGTERM and SIGINT. */
  readonly stop: AbortSignal;
}

/** `snowstamp run`: one worker until it is asked to stop. Returns the exit code. */
export async function runCommand({
  config,
  clock,
  log,
  hostName,
  pid,
  readFile,
  stop,
}: RunParts): Promise<number> {
  const metrics = new Metrics(config.routes.map(({ name }) => name));
  const observe = (fact: Fact): void => {
    if (fact.room === 'worker') metrics.phase(fact.fact.to);
    else if (fact.room === 'pipeline') metrics.pipeline(fact.fact);
    else if (fact.room === 'transaction') metrics.transaction(fact.fact);
    else if (fact.room === 'membership') metrics.membership(fact.fact);
    else if (fact.room === 'lease') metrics.lease(fact.fact, clock.now().wallMs);
    else metrics.registry(fact.fact);
    logFact(log, fact);
  };
  try {
    refuseClockBeforeRelease(clock.now().wallMs);
    const settings = { ...workerSettingsOf(config, hostName, readFile), instance: `pid ${pid}` };
    await using assembled = await assemble(settings, {
      clock,
      observe,
      log: (level, message, extra) => {
        log.write(level, message, extra);
      },
    });
    const { worker, pipeline } = assembled;
    const survey = { ...assembled, config, clock };
    refuseUnfit(await kafkaFindings(survey), log);
    const snapshot = () => {
      const { phase, joined, lease, sequenceUse } = worker.snapshot();
      const valve = intakeOf(pipeline.admission);
      return {
        phase,
        joined,
        lease,
        sequenceUse,
        valve: valve.at === 'shut' ? valve.why : undefined,
        lag: pipeline.lag(),
      };
    };
    const text = (): Promise<string> => metrics.text(gaugesOf(config, assembled, clock));
    await using http = await serveHttp({
      ...config.http,
      snapshot,
      metrics: { contentType: metrics.contentType, text },
    });
    log.write('info', 'listening', { port: http.port });
    await work(worker, (over) => checkLateTopics(survey, log, over), stop);
    return 0;
  } catch (error) {
    const known = asKnown(error);
    log.write('error', known.message, {
      code: known.code,
      next: CATALOGUE[known.code].next,
      ...(known.code === 'INTERNAL' ? { stack: (error as Error).stack } : {}),
    });
    return CATALOGUE[known.code].exit;
  }
}

/** Until asked to stop, or until a topic that came late turns out to be unfit. */
async function work(
  worker: Worker,
  check: (over: AbortSignal) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const unfit = new AbortController();
  const checking = check(over.signal).catch((error: unknown) => {
    unfit.abort(error);
  });
  try {
    await worker.run(AbortSignal.any([stop, unfit.signal]));
  } finally {
    over.abort();
    await checking;
  }
  unfit.signal.throwIfAborted();
}

function gaugesOf(config: Config, { worker, pipeline }: Assembled, clock: Clock): Gauges {
  const { lease, generator, sequenceUse } = worker.snapshot();
  return {
    ...{ lease, generator, sequenceUse },
    bytesInFlight: pipeline.bytesInFlight(),
    yearsLeft: yearsLeft(layoutOf(config), clock.now().wallMs),
    lag: pipeline.lag(),
  };
}
