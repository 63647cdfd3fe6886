import type { Mistake } from './mistake.ts';
import type { Config } from './schema.ts';

/** A rule between settings: asked with the sections that have the right shape (an optional one may be undefined), silent when one it reads is not among them. */
export type Rule = (sections: Partial<Config>, nowMs: number) => readonly Mistake[];

export function rule<Name extends keyof Config>(
  reads: readonly Name[],
  ask: (sections: Pick<Config, Name>, nowMs: number) => readonly Mistake[],
): Rule {
  return (sections, nowMs) =>
    reads.every((name) => Object.hasOwn(sections, name)) ? ask(sections as Pick<Config, Name>, nowMs) : [];
}

export const when = (wrong: boolean, path: string, problem: string, remedy: string): Mistake[] =>
  wrong ? [{ path, problem, remedy }] : [];

interface KeyPair {
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export const halfPair = (path: string, tls: KeyPair | undefined): Mistake[] =>
  when(
    (tls?.certFile === undefined) !== (tls?.keyFile === undefined),
    path,
    'certFile and keyFile belong together',
    'give both or neither',
  );
