import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, hasCached } from './cache.ts';
import { missingJava, missingMaven, missingTool, type Missing } from './choose.ts';
import { dataFolder } from './guard.ts';
import { freePort } from './ports.ts';
import { ServerProcess } from './server-process.ts';
import { tool } from './tools.ts';
import type { RegistryBackend } from './types.ts';

export const registryVersion = '3.0.9';
/** The interface of Confluent's registry; a client's base address includes it. */
export const registryPath = '/apis/ccompat/v7';

const readyTimeoutMs = 180_000;
/** Newer versions of the plugin trip over the parent POM of Apicurio. */
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:get';
const artifact = `io.apicurio:apicurio-registry-app:${registryVersion}:tar.gz:all`;

async function registryFolder(): Promise<string> {
  return cached('registry', [artifact], async (into) => {
    const archive = join(into, 'app.tar.gz');
    await tool('mvn', [
      '-q',
      '-B',
      plugin,
      `-Dartifact=${artifact}`,
      '-Dtransitive=false',
      `-Ddest=${archive}`,
    ]);
    await tool('tar', ['-xzf', archive, '-C', into]);
    await rm(archive);
  });
}

export async function registryNeeds(): Promise<Missing[]> {
  const download = (await hasCached('registry', [artifact]))
    ? []
    : [missingMaven(), missingTool('tar', 'tar')];
  return [await missingJava(), ...download];
}

export const registryAnswers = async (url: string): Promise<boolean> =>
  (await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5000) })).ok;

/** Apicurio as a local process; what it holds is gone when it stops. */
export async function localRegistry(): Promise<RegistryBackend> {
  const home = await registryFolder();
  const folder = dataFolder('registry');
  const port = await freePort();
  const jvm = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData'];
  const http = ['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`];
  const server = new ServerProcess({
    name: `registry ${registryVersion}`,
    command: 'java',
    args: [...jvm, ...http, '-jar', join(home, `apicurio-registry-app-${registryVersion}-runner.jar`)],
    logFile: join(folder, 'registry.log'),
  });
  const stop = async () => {
    await server.stop(true);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}${registryPath}`;
  try {
    await server.start();
    await server.untilReady(() => registryAnswers(url), readyTimeoutMs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { how: 'local', url, [Symbol.asyncDispose]: stop };
}
