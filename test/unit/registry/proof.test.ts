import { describe, expect, it } from '@jest/globals';
import { zigzag } from '../../support/schemas/avro-types.ts';
import { answered, refusedAs } from '../../../src/registry/port.ts';
import { fetched, framed, NEW_ID, ORDER, Scene } from './scene.ts';

describe('prove on first use', () => {
  const original = framed(7, [2, 0x61]);
  const stamped = (id: bigint, tail: readonly number[] = [2, 0x61]): Buffer =>
    framed(NEW_ID, zigzag(id), tail);

  it('compares the first events, then no more', async () => {
    const scene = new Scene({ proveEvents: 2 });
    await scene.resolve(7);
    const proofOf = (): unknown => {
      const entry = scene.book.lookup(7, '');
      return entry?.at === 'ready' ? entry.proof : entry;
    };
    for (const id of [5n, 2n ** 62n]) {
      const entry = scene.book.lookup(7, '');
      if (entry?.at !== 'ready') throw new Error('not ready');
      expect(entry.proof?.(original, stamped(id), id)).toBeUndefined();
    }
    expect(proofOf()).toBeUndefined();
    expect(scene.facts.map(({ fact }) => fact)).toEqual(['ready', 'proven']);
  });

  it.each([
    ['another ID', stamped(6n)],
    ['another value', stamped(5n, [2, 0x62])],
    ['bytes too many', stamped(5n, [2, 0x61, 0])],
    ['bytes too few', stamped(5n, [2])],
    ['another schema in its prefix', framed(8, zigzag(5n), [2, 0x61])],
    ['another magic byte', Buffer.from(stamped(5n)).fill(1, 0, 1)],
  ])('an event with %s condemns its schema', async (_, wrong) => {
    const scene = new Scene();
    await scene.resolve(7);
    const entry = scene.book.lookup(7, '');
    expect(entry?.at === 'ready' && entry.proof?.(original, wrong, 5n)).toEqual(expect.any(String));
    expect(scene.book.lookup(7, '')).toMatchObject({ at: 'refused', code: 'VALUE_NOT_PROVEN' });
    expect(scene.facts.at(-1)).toMatchObject({ fact: 'condemned' });
  });

  it('an event that its own schema cannot read is refused alone, and proves nothing', async () => {
    const scene = new Scene({ proveEvents: 1 });
    await scene.resolve(7);
    const entry = scene.book.lookup(7, '');
    if (entry?.at !== 'ready') throw new Error('not ready');
    expect(entry.proof?.(framed(7, [9, 0x61]), framed(NEW_ID, zigzag(5n), [9, 0x61]), 5n)).toContain(
      'own schema',
    );
    expect(scene.book.lookup(7, '')).toBe(entry);
  });

  it('is by what the registry holds under the new ID, not by what was sent there (control: proveEvents 0 never asks)', async () => {
    const planted = ORDER.replace('"fields":[', '"fields":[{"name":"snowflake_id","type":"string"},');
    const other = (scene: Scene): void => {
      scene.registry.onFetchBack = () => answered(fetched({ text: planted }));
    };
    const scene = new Scene();
    other(scene);
    const entry = await scene.resolve(7);
    expect(
      typeof entry === 'object' && entry.at === 'ready' && entry.proof?.(original, stamped(5n), 5n),
    ).toEqual(expect.any(String));
    expect(scene.book.lookup(7, '')).toMatchObject({ at: 'refused', code: 'VALUE_NOT_PROVEN' });

    const control = new Scene({ proveEvents: 0 });
    other(control);
    expect(await control.resolve(7)).toEqual({ at: 'ready', newSchemaId: NEW_ID, proof: undefined });
    expect(control.registry.asked).not.toContain(`fetch back ${NEW_ID}`);
  });

  it('what the registry holds there is no such schema at all: refused before any event', async () => {
    const scene = new Scene();
    scene.registry.onFetchBack = () => answered(fetched({ type: 'JSON', text: '{}' }));
    expect(await scene.resolve(7)).toMatchObject({ at: 'refused', code: 'SCHEMA_NOT_STAMPABLE' });
  });

  it('a server that does not know the new schema yet is asked again: nothing is refused for it', async () => {
    const scene = new Scene();
    scene.registry.onFetchBack = () => refusedAs('SCHEMA_UNKNOWN', 'Schema not found');
    expect(await scene.resolve(7)).toContain(`stamped schema ${NEW_ID}`);
    expect(scene.book.lookup(7, '')).toBeUndefined();
    scene.registry.onFetchBack = ({ type, text }) => answered(fetched({ type, text }));
    expect(await scene.resolve(7)).toMatchObject({ at: 'ready' });
  });
});
