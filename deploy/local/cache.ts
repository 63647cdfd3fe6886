import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Where resolved jars and built servers live: `SNOWSTAMP_CACHE`, else `.cache` of the work tree (not tracked). */
const cacheFolder = (): string =>
  resolve(process.env['SNOWSTAMP_CACHE'] ?? join(import.meta.dirname, '../../.cache'));

const stampName = '.complete.json';
const lockPollMs = 200;
const lockTimeoutMs = 15 * 60_000;

type Inventory = Record<string, number>;

async function inventory(folder: string): Promise<Inventory> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== stampName);
  const sizes = await Promise.all(
    files.map(async (file) => {
      const path = join(file.parentPath, file.name);
      return [path.slice(folder.length + 1), (await stat(path)).size] as const;
    }),
  );
  return Object.fromEntries(sizes.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Complete when every file that was there at the end of the making is there now, with its size, and no other. */
async function isIntact(folder: string): Promise<boolean> {
  try {
    const stamp = await readFile(join(folder, stampName), 'utf8');
    return stamp === JSON.stringify(await inventory(folder));
  } catch {
    return false;
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

async function abandoned(lock: string): Promise<boolean> {
  try {
    return !isAlive(Number(await readFile(join(lock, 'owner'), 'utf8')));
  } catch {
    return false;
  }
}

/**
 * Two runs at once must not do the work twice. The lock is a folder that appears under its name with its owner already
 * inside (rename is atomic). It saves work only: what makes the cache right is that a finished folder, too, appears by rename.
 */
async function takeLock(lock: string): Promise<AsyncDisposable> {
  const mine = `${lock}-${randomUUID()}`;
  await mkdir(mine);
  await writeFile(join(mine, 'owner'), String(process.pid));
  const deadline = performance.now() + lockTimeoutMs;
  for (;;) {
    try {
      await rename(mine, lock);
      return { [Symbol.asyncDispose]: () => rm(lock, { recursive: true, force: true }) };
    } catch {
      if (performance.now() > deadline)
        throw new Error(`${lock} has been held for too long; remove it if its owner is gone`);
      if (await abandoned(lock)) await rm(lock, { recursive: true, force: true });
      else await new Promise((wake) => setTimeout(wake, lockPollMs));
    }
  }
}

function folderOf(name: string, inputs: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16);
  return join(cacheFolder(), `${name}-${hash}`);
}

/** Whether `cached` would have nothing to make. */
export const hasCached = (name: string, inputs: readonly string[]): Promise<boolean> =>
  isIntact(folderOf(name, inputs));

/**
 * A folder made once and verified at each use. `inputs` is everything the result depends on (a pom, a go.sum): another
 * input is another folder. `make` fills an empty folder.
 */
export async function cached(
  name: string,
  inputs: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = folderOf(name, inputs);
  if (await isIntact(folder)) return folder;
  await mkdir(cacheFolder(), { recursive: true });
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.use(await takeLock(`${folder}.lock`));
  if (await isIntact(folder)) return folder;
  const making = `${folder}.making-${randomUUID()}`;
  await mkdir(making);
  cleanUp.defer(() => rm(making, { recursive: true, force: true }));
  await make(making);
  await writeFile(join(making, stampName), JSON.stringify(await inventory(making)));
  await rm(folder, { recursive: true, force: true });
  await rename(making, folder);
  return folder;
}
