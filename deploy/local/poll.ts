export type Outcome = { readonly ready: true } | { readonly ready: false; readonly why: string };

const pollMs = 50;

/** Asks until `ready` says yes, `running` says no or the time is up. A question that fails is asked again. */
export async function pollUntil(
  ready: () => Promise<boolean>,
  running: () => Promise<boolean>,
  timeoutMs: number,
): Promise<Outcome> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown = 'no answer';
  while (await running()) {
    try {
      if (await ready()) return { ready: true };
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      return { ready: false, why: `not ready after ${timeoutMs} ms: ${String(last)}` };
    await new Promise((wake) => setTimeout(wake, pollMs));
  }
  return { ready: false, why: `it ended; before that: ${String(last)}` };
}
