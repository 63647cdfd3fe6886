import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

/**
 * Everything started ends when the process that started it ends, for whatever reason: Ctrl-C, a failed test, SIGKILL.
 *
 * A handler in this process could promise that for none of SIGKILL, a crash of the runtime or a test runner that
 * exits from a sandbox, so the promise is kept from outside: a tiny shell in a session of its own holds the read end
 * of a pipe. When the write end closes, whoever closed it, the shell kills the process groups it was told of, removes the
 * data, and removes the containers (the library's own reaper does that too, where its image can be had).
 */
const script = `
root=$1
groups= containers=
without() { left=; for x in $1; do [ "$x" = "$2" ] || left="$left $x"; done; echo "$left"; }
while read -r verb what; do
  case $verb in
    run) groups="$groups $what" ;;
    ended) groups=$(without "$groups" "$what") ;;
    container) containers="$containers $what" ;;
    removed) containers=$(without "$containers" "$what") ;;
  esac
done
for g in $groups; do kill -s KILL -- "-$g" 2>/dev/null; done
n=0
while [ -e "$root" ] && [ $n -lt 50 ]; do rm -rf -- "$root" 2>/dev/null; n=$((n + 1)); done
[ -z "$containers" ] || docker rm --force --volumes $containers >/dev/null 2>&1
`;

/** Broker logs in memory are several times faster to create; a container's small /dev/shm would fill up. */
const memoryFolder = '/dev/shm';
const memoryFolderMinBytes = 2 * 1024 ** 3;

function dataParent(): string {
  try {
    accessSync(memoryFolder, constants.W_OK);
    const { bavail, bsize } = statfsSync(memoryFolder);
    return bavail * bsize >= memoryFolderMinBytes ? memoryFolder : tmpdir();
  } catch {
    return tmpdir();
  }
}

interface Guard {
  readonly shell: ChildProcess;
  readonly root: string;
}

let guard: Guard | undefined;

function theGuard(): Guard {
  if (guard) return guard;
  const root = mkdtempSync(join(dataParent(), 'snowstamp-'));
  const shell = spawn('/bin/sh', ['-c', script, 'snowstamp-guard', root], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  const pipe: Writable & { unref?: () => void } = shell.stdin;
  pipe.unref?.();
  guard = { shell, root };
  return guard;
}

const tell = (line: string): void => {
  theGuard().shell.stdin?.write(`${line}\n`);
};

/** A process group that must not outlive this process. */
export const guardGroup = (processGroup: number): void => {
  tell(`run ${processGroup}`);
};

/** The group is gone; its number may be given to a stranger from now on. */
export const releaseGroup = (processGroup: number): void => {
  tell(`ended ${processGroup}`);
};

/** A container that must not outlive this process. */
export const guardContainer = (id: string): void => {
  tell(`container ${id}`);
};

export const releaseContainer = (id: string): void => {
  tell(`removed ${id}`);
};

/** A new empty folder that is removed at the latest when this process ends. */
export const dataFolder = (name: string): string => mkdtempSync(join(theGuard().root, `${name}-`));
