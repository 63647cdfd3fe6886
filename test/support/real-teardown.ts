export default async function tearDown(): Promise<void> {
  const { snowstampBackends } = globalThis as { snowstampBackends?: AsyncDisposable };
  await snowstampBackends?.[Symbol.asyncDispose]();
}
