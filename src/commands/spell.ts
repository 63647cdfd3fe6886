/** Times as operators read them. PURE. */

/** ISO 8601 in UTC; a dash for what is not known, and for what no date can hold. */
export function stamp(ms: number | undefined): string {
  return ms === undefined || Math.abs(ms) > 8.64e15 ? '–' : new Date(ms).toISOString();
}

/** Whole seconds, rounded up: none is left only when none is. */
export function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}
