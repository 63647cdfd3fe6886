import { pino, type DestinationStream } from 'pino';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** JSON lines, one per transition; never one per event. */
export interface Log {
  write(level: Level, message: string, extra?: object): void;
  child(bindings: object): Log;
}

export function createLog(level: Level, nowMs: () => number, stream?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date(nowMs()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(
    stream === undefined ? pino(options, pino.destination({ dest: 1, sync: true })) : pino(options, stream),
  );
}

type Pino = ReturnType<typeof pino>;

const wrap = (logger: Pino): Log => ({
  write: (level, message, extra = {}) => {
    logger[level](extra, message);
  },
  child: (bindings) => wrap(logger.child(bindings)),
});
