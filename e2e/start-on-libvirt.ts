/** Starts one machine and ends: what `libvirt-faults.ts` kills. Its argument is the request as JSON. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LibvirtHost } from '../packages/launch/src/index.ts';
import { silentLogger, systemClock } from '../packages/runtime/src/index.ts';

const host = new LibvirtHost({
  probePath: join(tmpdir(), 'unused'),
  logger: silentLogger,
  clock: systemClock,
  accelerator: 'tcg',
});
await host.start(JSON.parse(process.argv[2] ?? ''));
