/**
 * What the lease room costs and what faults cost it, on a real etcd: `npm run bench:lease`. Four minutes, most of them waiting for leases
 * of 15 s to run out. The ten figures of src/lease/README.md are from here, but for those of `bench:ids` and `bench:ride-through`.
 */
import { provideEtcd } from '../../deploy/local/backends.ts';
import { hangs, restart, silence, takeovers } from './lease-faults.ts';
import { grants, startUp } from './lease-load.ts';

for (const measure of [startUp, grants, silence, takeovers, restart, hangs]) {
  await using etcd = await provideEtcd({ fresh: true });
  await measure(etcd);
}
