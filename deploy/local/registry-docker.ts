import { dockerEngine, missingImage, startAll, stopAll, untilUp } from './docker.ts';
import { registryAnswers, registryPath, registryVersion } from './registry-local.ts';
import type { RegistryBackend } from './types.ts';

export const registryImage = `apicurio/apicurio-registry:${registryVersion}`;
const port = 8080;

/** Apicurio in a container; a sentence where that cannot be. */
export async function dockerRegistry(): Promise<RegistryBackend | string> {
  const docker = await dockerEngine();
  if (typeof docker === 'string') return docker;
  const noImage = await missingImage(docker, registryImage);
  if (noImage !== undefined) return noImage;
  const { GenericContainer, Wait } = docker.library;
  const container = new GenericContainer(registryImage)
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forAll([]));
  const started = await startAll([container]);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => stopAll(started));
  const url = `http://${docker.host}:${started[0]!.getMappedPort(port)}${registryPath}`;
  await untilUp(docker, started[0]!, () => registryAnswers(url));
  const stop = undo.move();
  return { how: 'docker', url, [Symbol.asyncDispose]: () => stop.disposeAsync() };
}
