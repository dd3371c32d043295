/** The machine host that comes along: QEMU processes of our own. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QemuHost } from '../packages/launch/src/index.ts';
import { silentLogger, systemClock } from '../packages/runtime/src/index.ts';
import { describeMachineHost } from './machine-host.conformance.ts';
import { describeMachineScripts } from './machine-scripts.conformance.ts';

const reopen = () =>
  new QemuHost({
    probePath: join(tmpdir(), 'unused'),
    logger: silentLogger,
    clock: systemClock,
    accelerator: 'tcg',
  });

describeMachineHost('QEMU', reopen);
describeMachineScripts('QEMU', reopen);
