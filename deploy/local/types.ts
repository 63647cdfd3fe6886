/** How a backend was obtained, in the order in which the ways are tried. */
export type Way = 'environment' | 'docker' | 'local';

/** One server of a backend. Faults are given node by node. */
export interface BackendNode {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  /** Sends a signal to the server itself (`SIGSTOP`, `SIGCONT`, `SIGKILL`, …). Not possible with way `environment`. */
  signal(signal: NodeJS.Signals): void;
  /** Orderly stop; resolves when the server is gone. Its data and its port stay reserved for `start`. */
  stop(): Promise<void>;
  /** Starts it again on the same data and port; resolves when it answers. Waits first for the old one to be gone. */
  start(): Promise<void>;
}

export interface User {
  readonly username: string;
  readonly password: string;
}

export interface KafkaOptions {
  readonly version?: '4.3.1' | '3.9.2';
  readonly brokers?: 1 | 3;
  readonly security?: 'plaintext' | 'sasl_ssl';
  /** Server properties laid over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A cluster of one's own, even where the environment names a running one. */
  readonly fresh?: boolean;
  /** Heap of each broker in MB (default 512). From 768 on the broker runs as for benchmarks: G1, all compilers. */
  readonly heapMb?: number;
}

export interface KafkaBackend extends AsyncDisposable {
  readonly how: Way;
  /** `host:port` of every broker. */
  readonly bootstrap: string[];
  readonly nodes: BackendNode[];
  /** With `sasl_ssl`: the certificate that vouches for the brokers. */
  readonly tls?: { readonly caFile: string };
  /** With `sasl_ssl`: the first is an administrator; each may use PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly users?: User[];
}

export interface EtcdOptions {
  readonly members?: 1 | 3;
  /** `true`: TLS with client certificates required; `'server-only'`: TLS, any client. */
  readonly tls?: boolean | 'server-only';
  /** Password authentication switched on. */
  readonly auth?: boolean;
  /** A store of one's own, even where the environment names a running one. */
  readonly fresh?: boolean;
  /** Further command-line flags of each member, e.g. `--quota-backend-bytes=16777216`. */
  readonly flags?: readonly string[];
  /**
   * Given the ports on which members listen for each other, the ports at which they are to find each other: proxies of a
   * test that parts them. Local processes only.
   */
  readonly peersThrough?: (ports: readonly number[]) => Promise<readonly number[]>;
}

export interface EtcdBackend extends AsyncDisposable {
  readonly how: Way;
  /** `http(s)://host:port` of every member. */
  readonly endpoints: string[];
  readonly nodes: BackendNode[];
  /** With `tls`: certificate and key are those of a client (common name `snowstamp`). */
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  /** With `auth`: `root` first, then an ordinary user who may read and write every key. */
  readonly users?: User[];
}

export interface RegistryBackend extends AsyncDisposable {
  readonly how: Way;
  /** Base address of the Confluent-compatible API, path included. */
  readonly url: string;
}
