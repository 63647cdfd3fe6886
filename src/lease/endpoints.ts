/** How etcd is reached. Secrets stay in memory and are never printed. */
export interface EtcdSettings {
  /** `http://host:port` or `https://host:port`; all of one kind. */
  readonly endpoints: readonly string[];
  /** PEM files, read again whenever a connection is made: renewed certificates need no restart. */
  readonly tls?: {
    readonly caFile: string;
    readonly certFile?: string | undefined;
    readonly keyFile?: string | undefined;
  };
  /** Prefer client certificates: a password's token expires and costs a new connection then. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Deadline of one try against one endpoint. */
  readonly tryMs: number;
}

/** What cannot work together, as sentences; nothing wrong gives an empty list. */
export function endpointMistakes({ endpoints, tls, auth }: EtcdSettings): string[] {
  const mistakes: string[] = [];
  if (endpoints.length === 0) mistakes.push('no etcd endpoint is given');
  for (const endpoint of endpoints) {
    if (!/^https?:\/\/[^/\s]+:\d+$/.test(endpoint)) {
      mistakes.push(`etcd endpoint ${endpoint}: http://host:port or https://host:port is needed`);
    }
  }
  const secure = endpoints.filter((endpoint) => endpoint.startsWith('https:')).length;
  if (secure > 0 && secure < endpoints.length) {
    mistakes.push(
      'etcd endpoints mix http and https: with one of them open, the lease has no protection at all',
    );
  }
  if (tls !== undefined && secure < endpoints.length)
    mistakes.push('etcd TLS files are given, but endpoints are http');
  if (tls !== undefined && (tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    mistakes.push('etcd client certificate and key are given together or not at all');
  }
  if (auth?.username === '') mistakes.push('etcd user name is empty');
  return mistakes;
}
