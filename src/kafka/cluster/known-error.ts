import { SnowstampError, type ErrorCode } from '../../errors.ts';
import { LinkError } from './port.ts';

const CODES: Readonly<Record<LinkError['failure'], ErrorCode>> = {
  refused: 'KAFKA_REFUSED',
  unsupported: 'KAFKA_UNSUPPORTED',
  unreachable: 'KAFKA_UNREACHABLE',
  timeout: 'KAFKA_UNREACHABLE',
  closed: 'KAFKA_UNREACHABLE',
};

/** What went wrong, by the catalogue: a link's failure has a code there, what is not ours is INTERNAL. PURE. */
export function asKnown(error: unknown): SnowstampError {
  if (error instanceof SnowstampError) return error;
  if (error instanceof LinkError) return new SnowstampError(CODES[error.failure], error.message, error);
  return new SnowstampError('INTERNAL', String(error), error);
}
