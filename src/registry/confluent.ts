import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { lenientAjv } from './judge-json.ts';
import { longsAsBigInt } from './avro-types.ts';
import { agentOf, errorCodeOf, messageOf, RegistryHttp } from './http.ts';
import { findSchema, registerSchema } from './questions.ts';
import {
  answered,
  refusedAs,
  unavailable,
  type Answer,
  type Compatibility,
  type FetchedSchema,
  type NewSchema,
  type RegistryClient,
  type RegistrySettings,
} from './port.ts';
import { Heard } from './heard.ts';

type Arguments = ConstructorParameters<typeof SchemaRegistry>[0];
type Middleware = NonNullable<Arguments['middlewares']>[number];

/**
 * The whole of it, every time: the library writes what it is given over a default that all its clients share, so what is left out is
 * whatever another client said. No retries: ours are in book.ts, and one policy is enough.
 */
const NO_RETRY = {
  retries: 0,
  maxRetryTimeInSecs: 5,
  initialRetryTimeInSecs: 0.1,
  factor: 0.2,
  multiplier: 2,
};

/**
 * `@kafkajs/confluent-schema-registry` as a port. What it is used for: fetching with references, registering. What it is not: it gives a
 * compiled object and never the text, so a middleware listens; it caches without bound, so each call has a client of its own; it has no
 * timeout, so one is put into each request; and what it cannot compile it can neither fetch nor register, so both go on without it.
 */
export class ConfluentRegistry implements RegistryClient {
  readonly #settings: RegistrySettings;
  readonly #agent;
  readonly #http: RegistryHttp;

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
    this.#agent = agentOf(settings);
    this.#http = new RegistryHttp(settings, this.#agent);
  }

  async fetch(schemaId: number, signal: AbortSignal): Promise<Answer<FetchedSchema>> {
    const heard = new Heard();
    const failure = await failureOf(this.#library(signal, heard).getSchema(schemaId));
    if (failure === undefined || failure.status === undefined) {
      // A schema the library cannot compile was fetched all the same.
      const schema = heard.schema();
      if (schema !== undefined) return answered(schema);
      return unavailable(`the answer about schema ${schemaId} is not understood`);
    }
    if (failure.status !== 404) return unavailable(failure.why);
    return this.#unknown(schemaId, heard, signal);
  }

  async register(
    subject: string,
    schema: NewSchema,
    compatibility: Compatibility,
    signal: AbortSignal,
  ): Promise<Answer<number>> {
    const level = COMPATIBILITY[compatibility];
    const type = SchemaType[schema.type];
    const library = this.#library(signal, new Heard());
    const whole = { type, schema: schema.text, references: [...schema.references] } as Parameters<
      typeof library.register
    >[0];
    try {
      const { id } = await library.register(whole, { subject, compatibility: level, updateConfig: false });
      return answered(id);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.status === 409 || failure.status === 422) return refusedAs('SCHEMA_REFUSED', failure.why);
      if (failure.isLevel) {
        return unavailable(
          `subject ${subject}: ${failure.why}: make registry.compatibility and the subject's level agree`,
        );
      }
      if (failure.status !== undefined && failure.status !== 400) return unavailable(failure.why);
    }
    // 400 is what the library makes of a lost connection, too; without a status it could not compile the schema. The registry knows.
    return registerSchema(this.#http, subject, schema, signal);
  }

  async find(subject: string, schema: NewSchema, signal: AbortSignal): Promise<Answer<number>> {
    const found = await findSchema(this.#http, subject, schema, signal);
    return found.at === 'refused'
      ? refusedAs(
          found.code,
          `${subject} does not hold its stamped version (${found.message}): run snowstamp schemas register`,
        )
      : found;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The registry says that it does not know the schema, or something before it says that it does not know the address. */
  async #unknown(schemaId: number, heard: Heard, signal: AbortSignal): Promise<Answer<FetchedSchema>> {
    if (heard.schema() !== undefined)
      return refusedAs('SCHEMA_UNKNOWN', 'a schema it refers to is not there');
    const answer = await this.#http.ask('GET', `/schemas/ids/${schemaId}`, undefined, signal);
    return answer.status === 404 && errorCodeOf(answer) !== undefined
      ? refusedAs('SCHEMA_UNKNOWN', messageOf(answer))
      : unavailable(`${messageOf(answer)}: is registry.url the address of a registry, with its path?`);
  }

  #library(signal: AbortSignal, heard: Heard): SchemaRegistry {
    const { url, auth, timeoutMs } = this.#settings;
    const bounded: Middleware = () => ({
      prepareRequest: async (next) => {
        const request = await next();
        const bearer = auth.kind === 'bearer' ? { headers: { authorization: `Bearer ${auth.token}` } } : {};
        return request.enhance({ timeout: timeoutMs, signal, ...bearer });
      },
      response: async (next) => {
        const response = await next();
        heard.hear(response.request().path(), response.data());
        return response;
      },
    });
    return new SchemaRegistry(
      {
        host: url,
        agent: this.#agent,
        retry: NO_RETRY,
        middlewares: [bounded],
        ...(auth.kind === 'basic' ? { auth: { username: auth.username, password: auth.password } } : {}),
      },
      {
        [SchemaType.AVRO]: { typeHook: longsAsBigInt },
        [SchemaType.JSON]: { ajvInstance: lenientAjv() },
      },
    );
  }
}

interface Failure {
  /** HTTP status; undefined where the library itself refused. */
  readonly status: number | undefined;
  readonly why: string;
  /** The subject has another compatibility level than was asked for. */
  readonly isLevel: boolean;
}

async function failureOf(work: Promise<unknown>): Promise<Failure | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return asFailure(error);
  }
}

/** Its class for HTTP failures is not exported; `status` is what it has. */
function asFailure(error: unknown): Failure {
  const status =
    typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
      ? error.status
      : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const isLevel = error instanceof Error && error.name === 'ConfluentSchemaRegistryCompatibilityError';
  return { status, why: message.slice(0, 300), isLevel };
}
