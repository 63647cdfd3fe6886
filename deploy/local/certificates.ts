import { writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { tool, versionOf } from './tools.ts';

/** Certificates live as long as a run; they are made for it and thrown away with it. */
const validDays = '2';

function alternativeNames(hosts: readonly string[]): string {
  const all = new Set(['localhost', '127.0.0.1', ...hosts]);
  return [...all].map((host) => `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`).join(',');
}

export interface KafkaCertificate {
  readonly keyStore: string;
  readonly password: string;
  /** The certificate itself, which clients trust. */
  readonly caFile: string;
}

/** A self-signed certificate in the store format Kafka reads, made by the `keytool` that comes with Java. */
export async function kafkaCertificate(folder: string, host: string): Promise<KafkaCertificate> {
  const keyStore = join(folder, 'kafka.p12');
  const caFile = join(folder, 'kafka-ca.pem');
  const password = 'changeit';
  const store = ['-keystore', keyStore, '-storetype', 'PKCS12', '-storepass', password, '-alias', 'kafka'];
  const identity = [
    '-dname',
    'CN=localhost',
    '-ext',
    `SAN=${alternativeNames([host])}`,
    '-ext',
    'BC=ca:true',
  ];
  await tool('keytool', [
    '-genkeypair',
    ...store,
    '-keyalg',
    'RSA',
    '-keysize',
    '2048',
    '-validity',
    validDays,
    ...identity,
  ]);
  await tool('keytool', ['-exportcert', '-rfc', ...store, '-file', caFile]);
  return { keyStore, password, caFile };
}

interface PemFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface EtcdCertificates {
  readonly caFile: string;
  readonly server: PemFiles;
  readonly client: PemFiles;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate authority, and one certificate each for the members (as servers and peers) and for clients. */
export async function etcdCertificates(
  folder: string,
  clientName: string,
  hosts: readonly string[],
): Promise<EtcdCertificates> {
  if ((await versionOf('openssl', 'version')) === undefined) {
    throw new Error('etcd with TLS needs openssl on the PATH: install OpenSSL 1.1.1 or later');
  }
  const caFile = join(folder, 'ca.pem');
  const caKey = join(folder, 'ca.key');
  const ca = [
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    caKey,
    '-out',
    caFile,
    '-days',
    validDays,
    '-subj',
    '/CN=snowstamp test authority',
  ];
  await tool('openssl', ca);
  const issue = async (file: string, commonName: string): Promise<PemFiles> => {
    const [keyFile, request, certFile, extensions] = ['key', 'csr', 'pem', 'ext'].map((suffix) =>
      join(folder, `${file}.${suffix}`),
    ) as [string, string, string, string];
    await writeFile(
      extensions,
      `subjectAltName=${alternativeNames(hosts)}\nextendedKeyUsage=serverAuth,clientAuth\n`,
    );
    await tool('openssl', [
      'req',
      ...newKey,
      '-keyout',
      keyFile,
      '-out',
      request,
      '-subj',
      `/CN=${commonName}`,
    ]);
    const signing = [
      '-CA',
      caFile,
      '-CAkey',
      caKey,
      '-CAcreateserial',
      '-days',
      validDays,
      '-extfile',
      extensions,
    ];
    await tool('openssl', ['x509', '-req', '-in', request, '-out', certFile, ...signing]);
    return { certFile, keyFile };
  };
  // One after the other: both count up the authority's serial number file.
  const server = await issue('server', 'localhost');
  return { caFile, server, client: await issue('client', clientName) };
}
