/** The few modules of kafkajs 2.2.4 that are not its public face, as far as kafkajs.ts uses them. Pinned exactly. */

declare module 'kafkajs/src/loggers/index.js' {
  const loggers: {
    readonly LEVELS: { readonly INFO: number };
    createLogger(options: { level: number; logCreator: (level: number) => (entry: never) => void }): object;
  };
  export default loggers;
}

declare module 'kafkajs/src/network/socketFactory.js' {
  import type { Socket } from 'node:net';
  import type { ConnectionOptions } from 'node:tls';
  /** Takes `tls.connect` when `ssl` is set, with the host as server name unless it is an address. */
  export default function socketFactory(): (args: {
    host: string;
    port: number;
    ssl: ConnectionOptions;
    onConnect: () => void;
  }) => Socket;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests: (this: RequestQueue) => void;
  }
}

declare module 'kafkajs/src/network/connectionPool.js' {
  import type { Socket } from 'node:net';

  export interface Connection {
    /** `destroy` clears its timers. */
    readonly requestQueue: { destroy(): void };
    /** Milliseconds, 0 = for ever. Known after authentication. */
    readonly sessionLifetime: { toNumber(): number };
  }

  export default class ConnectionPool {
    constructor(options: {
      host: string;
      port: number;
      ssl: object | true | null;
      sasl: object | null;
      clientId: string;
      socketFactory: (args: never) => Socket;
      connectionTimeout: number;
      requestTimeout: number;
      enforceRequestTimeout: boolean;
      logger: object;
    });
    /** Both of them, connected or not. */
    readonly pool: readonly Connection[];
    getConnection(index: 0 | 1): Promise<Connection>;
  }
}

declare module 'kafkajs/src/broker/index.js' {
  export type Versions = Record<number, { minVersion: number; maxVersion: number }>;

  export default class Broker {
    constructor(options: { connectionPool: object; logger: object; allowAutoTopicCreation: boolean });
    versions: Versions | null;
    apiVersions(): Promise<Versions>;
    /** Authenticates if SASL is configured; asks for the versions first unless they are set. */
    connect(): Promise<void>;
  }
}
