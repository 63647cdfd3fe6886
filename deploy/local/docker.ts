import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type * as testcontainers from 'testcontainers';
import type { ContainerRuntimeClient, GenericContainer, StartedTestContainer } from 'testcontainers';
import { guardContainer, releaseContainer } from './guard.ts';
import { pollUntil } from './poll.ts';
import type { BackendNode } from './types.ts';

/** Where engines put their socket. Looking first spares most machines without one the second it takes to load the library. */
function mayHaveEngine(): boolean {
  const home = homedir();
  const runtime = process.env['XDG_RUNTIME_DIR'];
  const places = [
    '/var/run/docker.sock',
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(home, '.testcontainers.properties'),
    ...(runtime === undefined
      ? []
      : [join(runtime, '.docker/run/docker.sock'), join(runtime, 'docker.sock')]),
  ];
  return process.env['DOCKER_HOST'] !== undefined || places.some((place) => existsSync(place));
}

export interface Docker {
  readonly library: typeof testcontainers;
  readonly client: ContainerRuntimeClient;
  /** Where published ports are reached: not 127.0.0.1 when this process is itself in a container. */
  readonly host: string;
}

/** The engine, or a sentence. */
export async function dockerEngine(): Promise<Docker | string> {
  if (!mayHaveEngine()) return 'no engine found';
  const library = await import('testcontainers');
  try {
    const client = await library.getContainerRuntimeClient();
    const { host } = client.info.containerRuntime;
    const docker = { library, client, host: host === 'localhost' ? '127.0.0.1' : host };
    await prepareReaper(docker);
    return docker;
  } catch {
    return 'no engine answers';
  }
}

/** Undefined when the image is there, pulled if need be; else a sentence. */
export async function missingImage({ library, client }: Docker, image: string): Promise<string | undefined> {
  const name = library.ImageName.fromString(image);
  if (await client.image.exists(name)) return undefined;
  process.stderr.write(`pulling ${image}\n`);
  try {
    await client.image.pull(name);
    return undefined;
  } catch (error) {
    return `${image} is not there and cannot be pulled (${error instanceof Error ? error.message : String(error)})`;
  }
}

/**
 * The reaper removes containers when this process ends, however it ends. Where its image cannot be had, the library must be told to
 * do without, before the first container; what is left then is the orderly stop.
 */
async function prepareReaper(docker: Docker): Promise<void> {
  if (process.env['TESTCONTAINERS_RYUK_DISABLED'] !== undefined) return;
  try {
    await docker.library.getReaper(docker.client);
  } catch {
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  }
}

export interface ContainerNode {
  readonly nodeId: number;
  readonly port: number;
  readonly container: StartedTestContainer;
  readonly isUp: () => Promise<boolean>;
}

const startTimeoutMs = 180_000;

/** Waits, as a server process does, until `isUp`; fails with the end of the container's log when it ends or time is up. */
export async function untilUp(
  docker: Docker,
  container: StartedTestContainer,
  isUp: () => Promise<boolean>,
): Promise<void> {
  const engine = docker.client.container.getById(container.getId());
  const running = async () => (await engine.inspect()).State.Running;
  const outcome = await pollUntil(isUp, running, startTimeoutMs);
  if (outcome.ready) return;
  const log = await engine.logs({ follow: false, stdout: true, stderr: true, tail: 40 });
  const printable = log.toString('utf8').replaceAll(/[^\x20-\x7e\n]/g, '');
  throw new Error(`${container.getName()}: ${outcome.why}\n--- end of its log ---\n${printable}`);
}

/** A container as a node to give faults to. The engine takes its orders one after the other. */
export function containerNode(docker: Docker, { nodeId, port, container, isUp }: ContainerNode): BackendNode {
  const engine = docker.client.container.getById(container.getId());
  let orders: Promise<unknown> = Promise.resolve();
  const order = (run: () => Promise<unknown>): Promise<void> => {
    const done = orders.then(run);
    orders = done.catch(() => undefined);
    return done.then(() => undefined);
  };
  const running = async () => (await engine.inspect()).State.Running;
  return {
    nodeId,
    host: docker.host,
    port,
    signal: (signal) => {
      void order(() => engine.kill({ signal }));
    },
    stop: () =>
      order(async () => {
        if (!(await running())) return;
        await engine.kill({ signal: 'SIGCONT' });
        await engine.stop({ t: 60 });
      }),
    start: async () => {
      await order(async () => {
        if (await running()) await engine.wait();
        await engine.start();
      });
      await untilUp(docker, container, isUp);
    },
  };
}

/** Starts all, under the guard; where one fails, stops the others. */
export async function startAll(containers: readonly GenericContainer[]): Promise<StartedTestContainer[]> {
  const results = await Promise.allSettled(containers.map((container) => container.start()));
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  for (const container of started) guardContainer(container.getId());
  const failure = results.find((result) => result.status === 'rejected');
  if (!failure) return started;
  await stopAll(started);
  throw failure.reason;
}

export async function stopAll(containers: readonly StartedTestContainer[]): Promise<void> {
  await Promise.all(
    containers.map(async (container) => {
      await container.stop({ timeout: 0 });
      releaseContainer(container.getId());
    }),
  );
}
