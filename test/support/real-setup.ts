import { provideEtcd, provideKafka } from '../../deploy/local/backends.ts';

/** One Kafka and one etcd for the whole run; test files reach them through the environment, with `provideKafka()`. */
export default async function setUp(): Promise<void> {
  const started = new AsyncDisposableStack();
  try {
    const [kafka, etcd] = await Promise.all([
      provideKafka().then((backend) => started.use(backend)),
      provideEtcd().then((backend) => started.use(backend)),
    ]);
    process.env['SNOWSTAMP_TEST_KAFKA'] = kafka.bootstrap.join(',');
    process.env['SNOWSTAMP_TEST_ETCD'] = etcd.endpoints.join(',');
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
  Object.assign(globalThis, { snowstampBackends: started });
}
