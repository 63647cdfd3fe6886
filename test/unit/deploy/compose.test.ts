import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { Metrics, type Gauges } from '../../../src/ops/metrics.ts';
import { held } from '../ops/snapshot.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

interface Dashboard {
  readonly panels: readonly {
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const nothingYet: Gauges = {
  lease: { ...held, node: undefined, incarnation: undefined },
  generator: undefined,
  sequenceUse: 0,
  bytesInFlight: 0,
  yearsLeft: 0,
  lag: [],
};

const compose = parse(read('docker-compose.yml')) as Compose;
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it('every image has a pinned tag and names no registry host', () => {
    const images = services.map(([, { image }]) => image);
    expect(images.length).toBeGreaterThan(4);
    for (const image of images) expect(image).toMatch(/^(?:[a-z0-9-]+\/)?[a-z0-9-]+:v?\d+\.\d+\.\d+$/);
  });

  it('every file, folder and volume it mounts or builds is there', () => {
    const sources = services.flatMap(([, { volumes = [], build }]) => [
      ...volumes.map((volume) => volume.split(':')[0]!),
      ...(build === undefined ? [] : [`./${build}/Dockerfile`]),
    ]);
    const missing = sources.filter((source) =>
      source.startsWith('./') ? !existsSync(join(root, source)) : !(source in compose.volumes),
    );
    expect(missing).toEqual([]);
  });

  it('services depend on services that exist', () => {
    const wanted = services.flatMap(([, { depends_on = {} }]) => Object.keys(depends_on));
    expect(wanted.filter((name) => !(name in compose.services))).toEqual([]);
  });

  it('environment values are strings, which YAML must not turn into numbers or booleans', () => {
    const values = services.flatMap(([, { environment = {} }]) => Object.values(environment));
    expect(values.filter((value) => typeof value !== 'string')).toEqual([]);
  });
});

describe('what Prometheus and Grafana are given', () => {
  it('Prometheus scrapes the workers on the host', () => {
    const { scrape_configs } = parse(read('deploy/prometheus.yml')) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    expect(scrape_configs).toMatchObject([
      { job_name: 'snowstamp', static_configs: [{ targets: ['host.docker.internal:9464'] }] },
    ]);
  });

  const dashboards = 'deploy/grafana/dashboards';
  const panels = readdirSync(join(root, dashboards)).flatMap(
    (file) => (JSON.parse(read(join(dashboards, file))) as Dashboard).panels,
  );

  it('every dashboard panel reads from the provisioned data source', () => {
    const { datasources } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yml')) as {
      datasources: { uid: string }[];
    };
    expect(new Set(panels.map(({ datasource }) => datasource.uid))).toEqual(
      new Set(datasources.map(({ uid }) => uid)),
    );
  });

  it('every metric a panel asks for is one that workers report', async () => {
    const text = await new Metrics(['route']).text(nothingYet);
    const reported = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const asked = panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/snowstamp_[a-z_]+/g) ?? []),
    );
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !reported.has(name.replace(/_bucket$/, '')))).toEqual([]);
  });
});
