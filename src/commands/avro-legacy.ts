import type { AvroReaders } from '../audit/legacy-avro.ts';
import { legacyReader } from '../registry/legacy-avro.ts';
import type { RegistryClient } from '../registry/port.ts';

/** Reads the field by the schema the registry holds, asked for once each. */
export const avroReaders =
  (client: Pick<RegistryClient, 'fetch'>, field: string, timeoutMs: number): AvroReaders =>
  async (schemaId) => {
    const answer = await client.fetch(schemaId, AbortSignal.timeout(timeoutMs));
    if (answer.at !== 'answered') return 'unknown';
    try {
      return legacyReader(answer.value, field) ?? 'none';
    } catch {
      return 'unknown';
    }
  };
