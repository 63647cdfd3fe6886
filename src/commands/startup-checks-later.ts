import { LinkError } from '../kafka/cluster/port.ts';
import type { Log } from '../ops/log.ts';
import { kafkaFindings, refuseUnfit, topicsOf, type SurveyParts } from './startup-checks-survey.ts';

const LOOK_MS = 250;

/**
 * Topics that were missing at start are checked once they are there: what may not be stamped into must not be because it
 * was late. Looks at the metadata the pipeline goes by, so it knows of a topic when the pipeline does.
 * Resolves when none is missing any more or `signal` aborts.
 * @throws SnowstampError PREFLIGHT_FAILED
 */
export async function checkLateTopics(parts: SurveyParts, log: Log, signal: AbortSignal): Promise<void> {
  const { config, cluster, clock } = parts;
  let missing = missingOf();
  while (missing.length > 0) {
    await clock.sleep(LOOK_MS, signal);
    if (signal.aborted) return;
    if (missingOf().length === missing.length) continue;
    const findings = await answered(kafkaFindings(parts));
    if (findings === undefined) continue;
    refuseUnfit(findings, log);
    missing = missingOf();
  }

  function missingOf(): readonly string[] {
    return topicsOf(config).filter((topic) => cluster.topic(topic)?.error !== 0);
  }
}

/** Undefined while no broker can be reached: then it is asked again. */
async function answered<T>(findings: Promise<T>): Promise<T | undefined> {
  try {
    return await findings;
  } catch (error) {
    if (error instanceof LinkError) return undefined;
    throw error;
  }
}
