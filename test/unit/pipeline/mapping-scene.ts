import type { MappingSettings, Route } from '../../../src/pipeline/port.ts';
import { encodeBatch, plainRecord, text } from '../records/plain-codec.ts';
import { Scene, type Options } from './scene.ts';

export const BY_KEY: MappingSettings = {
  topic: 'ids',
  prefix: 'o:',
  legacy: { from: 'key' },
  missing: 'skip',
};
export const mapped = (
  change: Partial<MappingSettings> = {},
  route: Partial<Route> = {},
): Partial<Route> => ({
  mapping: { ...BY_KEY, ...change },
  ...route,
});
export const put = (scene: Scene, partition: number, ...keys: (string | null)[]): void => {
  const records = keys.map((key) => plainRecord({ key: key === null ? null : text(key), value: text('v') }));
  scene.world.log('in', partition).putBytes(encodeBatch({ records }));
};
export const keys = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `k${from + i}`);

/** What the mapping topic says to readers of what is committed. */
export const mappings = (scene: Scene, topic = 'ids'): [string, string][] =>
  scene.world.topics
    .get(topic)!
    .logs.flatMap((log) => log.visible().map(({ key, value }): [string, string] => [key, value]));
/** What it should say: each output record's key and ID. */
export const expected = (scene: Scene, partitions = 1, prefix = 'o:'): [string, string][] =>
  Array.from({ length: partitions }, (_, i) => scene.world.log('out', i).visible())
    .flat()
    .map(({ key, headers }): [string, string] => [prefix + key, headers['snowflake_id']!]);
export const sorted = (pairs: [string, string][]): string[] => pairs.map((pair) => pair.join('=')).sort();

export async function through(options: Options, records: readonly (string | null)[]): Promise<Scene> {
  const scene = new Scene(options);
  put(scene, 0, ...records);
  scene.membership.give('in', 0);
  await scene.serveUntil(() => scene.committedOffset() === records.length, 'all');
  return scene;
}
