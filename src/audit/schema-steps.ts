import type { SchemaStep } from './values.ts';

/** What is known of one pair of schemas: of the original values, and of the stamped ones. */
export interface SchemaReport {
  readonly route: string;
  readonly from: number;
  readonly to: number;
  readonly messagePath: string;
  readonly records: number;
  readonly verdict: 'proven' | 'unproven' | 'failed';
  readonly why: string;
}

/** Says whether the second schema is the first plus the ID; `undecided`: nobody could be asked, or nobody here can tell. */
export type SchemaJudge = (
  step: SchemaStep,
) => Promise<{ readonly at: 'proven' | 'failed' | 'undecided'; readonly why: string }>;

/** Every pair of schemas of one route. A schema leads to one other: the registry answers an equal text with an equal ID. */
export class SchemaSteps {
  readonly #route: string;
  readonly #steps = new Map<string, { readonly step: SchemaStep; records: number }>();

  constructor(route: string) {
    this.#route = route;
  }

  add(step: SchemaStep): void {
    const key = `${step.from} ${step.to} ${step.messagePath}`;
    const known = this.#steps.get(key);
    if (known === undefined) this.#steps.set(key, { step, records: 1 });
    else known.records++;
  }

  /** Without a judge nothing is proven; two ways from one schema are a fault unless the judge vouches for both. */
  async judge(judge: SchemaJudge | undefined): Promise<SchemaReport[]> {
    const reports: SchemaReport[] = [];
    for (const { step, records } of this.#steps.values()) {
      const { at, why } = (await judge?.(step)) ?? { at: 'undecided', why: 'no registry was asked' };
      const others = [...this.#steps.values()].filter(
        (other) =>
          other.step !== step && other.step.from === step.from && other.step.messagePath === step.messagePath,
      );
      const astray = at === 'undecided' && others.length > 0;
      reports.push({
        route: this.#route,
        ...step,
        records,
        verdict: astray ? 'failed' : at === 'undecided' ? 'unproven' : at,
        why: astray ? `schema ${step.from} became ${others[0]!.step.to} as well` : why,
      });
    }
    return reports;
  }
}
