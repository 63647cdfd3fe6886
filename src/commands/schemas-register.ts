import { CATALOGUE, codeOf, SnowstampError } from '../errors.ts';
import type { RegistryHttp } from '../registry/http.ts';
import type { Answer, NewSchema } from '../registry/port.ts';
import { findSchema, heldVersions, registerSchema } from '../registry/questions.ts';
import { derive, type SchemaType } from '../stamp/schema/derive.ts';
import type { Placement } from '../stamp/schema/derived.ts';
import type { IndexPath } from '../stamp/schema/protobuf.ts';
import { readCatalog, type Folder } from './schema-catalog.ts';
import { versionsOf } from './schemas-check.ts';

export interface SchemasRegisterParts {
  readonly folder: Folder;
  readonly registry: RegistryHttp;
  readonly json: boolean;
  /** Say what would be registered, register nothing. */
  readonly dryRun: boolean;
  readonly out: (line: string) => void;
}

/** One version of one subject, and what became of it. */
interface Registered {
  readonly subject: string;
  readonly from: string;
  readonly outcome: 'there' | 'registered' | 'would register';
  readonly id: number | undefined;
}

/**
 * `snowstamp schemas register`: every version of the folder under its subject, oldest first, and then the stamped version of each version
 * the registry holds, in the same order, so that a late event of an old version finds its schema registered (registerMode deny). Stamped
 * texts are derived from the registry's text, which is what workers see, and may differ from the file in white space. 0: all are there.
 */
export async function schemasRegisterCommand(parts: SchemasRegisterParts): Promise<number> {
  const { json, out } = parts;
  const done: Registered[] = [];
  try {
    for (const subject of readCatalog(parts.folder)) {
      const { type, references, path } = subject;
      for (const { file, text } of versionsOf(subject))
        done.push(await put(parts, subject.subject, file, { type, text, references }));
      for (const stamped of subject.stamped)
        done.push(...(await putStamped(parts, { ...stamped, type, path, upstream: subject.subject })));
    }
    if (json) out(JSON.stringify({ versions: done }, null, 2));
    else for (const line of linesOf(done)) out(line);
    return 0;
  } catch (error) {
    if (!(error instanceof SnowstampError)) throw error;
    for (const line of linesOf(done)) out(line);
    out(error.message);
    return CATALOGUE[codeOf(error)].exit;
  }
}

interface StampedPlan {
  readonly subject: string;
  readonly upstream: string;
  readonly type: SchemaType;
  readonly path: IndexPath;
  readonly placement: Placement;
}

async function putStamped(parts: SchemasRegisterParts, plan: StampedPlan): Promise<Registered[]> {
  const held = await heldVersions(parts.registry, plan.upstream);
  if (held.at === 'unavailable')
    throw new SnowstampError('REGISTRY_UNREACHABLE', `${plan.upstream}: ${held.why}`);
  const done: Registered[] = [];
  for (const { version, text, references } of held.versions) {
    const derived = derive(plan.type, text, plan.path, plan.placement);
    const from = `${plan.upstream} v${version}`;
    if (derived.kind === 'refused')
      throw new SnowstampError(
        'SCHEMAS_DIFFER',
        `${from} cannot be stamped: ${derived.code}: ${derived.message}`,
      );
    done.push(await put(parts, plan.subject, from, { type: plan.type, text: derived.text, references }));
  }
  return done;
}

async function put(
  { registry, dryRun }: SchemasRegisterParts,
  subject: string,
  from: string,
  schema: NewSchema,
): Promise<Registered> {
  const found = expectDecision(
    subject,
    from,
    await findSchema(registry, subject, schema),
    'SCHEMA_NOT_REGISTERED',
  );
  if (found !== undefined) return { subject, from, outcome: 'there', id: found };
  if (dryRun) return { subject, from, outcome: 'would register', id: undefined };
  const id = expectDecision(subject, from, await registerSchema(registry, subject, schema));
  return { subject, from, outcome: 'registered', id };
}

/** The ID; undefined for the one refusal that is an answer. */
function expectDecision(
  subject: string,
  from: string,
  answer: Answer<number>,
  absent?: string,
): number | undefined {
  if (answer.at === 'answered') return answer.value;
  if (answer.at === 'unavailable')
    throw new SnowstampError('REGISTRY_UNREACHABLE', `${subject}: ${answer.why}`);
  if (answer.code === absent) return undefined;
  throw new SnowstampError('REGISTRY_REFUSED', `${subject}, ${from}: ${answer.message}`);
}

const linesOf = (done: readonly Registered[]): string[] =>
  done.map(
    ({ subject, from, outcome, id }) =>
      `${outcome.padEnd(14)}  ${subject}  ${from}${id === undefined ? '' : `  id ${id}`}`,
  );
