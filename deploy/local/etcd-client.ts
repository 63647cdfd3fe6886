import { readFile } from 'node:fs/promises';
import { Etcd3, Range, type IOptions } from 'etcd3';
import type { EtcdBackend, User } from './types.ts';

/** `root` first. */
export const etcdUsers: readonly User[] = [
  { username: 'root', password: 'root-secret' },
  { username: 'snowstamp', password: 'snowstamp-secret' },
];

/** Connection options of etcd3 for a backend; `user` where authentication is on. */
export async function etcdOptions(
  { endpoints, tls }: Pick<EtcdBackend, 'endpoints' | 'tls'>,
  user?: User,
): Promise<IOptions> {
  return {
    hosts: endpoints,
    ...(user ? { auth: user } : {}),
    ...(tls
      ? {
          credentials: {
            rootCertificate: await readFile(tls.caFile),
            certChain: await readFile(tls.certFile),
            privateKey: await readFile(tls.keyFile),
          },
        }
      : {}),
  };
}

/** A linearizable read through this very endpoint goes round: the member has a leader. Keys need not exist. */
export async function answers(options: IOptions): Promise<boolean> {
  const etcd = new Etcd3(options);
  try {
    await etcd.get('snowstamp-ready').options({ deadline: Date.now() + 2000 });
    return true;
  } catch (error) {
    // With authentication on, being refused for lack of a name is an answer too.
    if (
      error instanceof Error &&
      /user name is empty|invalid auth token|permission denied/.test(error.message)
    )
      return true;
    throw error;
  } finally {
    etcd.close();
  }
}

/** Makes the users, `root` first, and switches authentication on. */
export async function switchAuthOn(options: IOptions, users: readonly User[]): Promise<void> {
  const etcd = new Etcd3(options);
  try {
    for (const { username, password } of users) {
      const role = etcd.role(username);
      await role.create();
      if (username !== 'root')
        await role.grant({ permission: 'Readwrite', range: new Range(Buffer.alloc(1), Buffer.alloc(1)) });
      const user = etcd.user(username);
      await user.create(password);
      await user.addRole(role);
    }
    await etcd.auth.authEnable();
  } finally {
    etcd.close();
  }
}
