/**
 * One minting worker in a process of its own. argv[2]: ChildSettings as JSON. Entries go to a file, each written before
 * anything else happens: a SIGKILL loses none. Messages: `{ blockMs }` blocks the event loop and mints in the first
 * microtask after; `release` ends as SIGTERM does.
 */
import { openSync, writeSync } from 'node:fs';
import { systemClock } from '../../src/clock.ts';
import { EtcdStore } from '../../src/lease/etcd.ts';
import { hostMs } from './mint-log.ts';
import type { ChildMessage, ChildSettings } from './minting-child.ts';
import { MintingWorker } from './minting-worker.ts';

const { endpoints, tryMs, logFile, ...settings } = JSON.parse(process.argv[2] ?? '') as ChildSettings;
const file = openSync(logFile, 'a');
const store = new EtcdStore({ endpoints: [...endpoints], tryMs }, systemClock);
const worker = await MintingWorker.start(store, systemClock, {
  ...settings,
  write: (entry) => {
    writeSync(file, `${JSON.stringify(entry)}\n`);
  },
});

process.on('message', (message: ChildMessage) => {
  if (message === 'release') {
    void worker.release().then(() => process.exit(0));
    return;
  }
  const endMs = hostMs() + message.blockMs;
  while (hostMs() < endMs);
  void Promise.resolve().then(() => worker.mint());
});

process.on('disconnect', () => process.exit(1));

await worker.ended;
store.close();
process.exit(0);
