/** libvirt as machine host: a real libvirtd of Debian's, driven by virsh. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LibvirtHost } from '../packages/launch/src/index.ts';
import { silentLogger, systemClock } from '../packages/runtime/src/index.ts';
import { describeLibvirtAddresses } from './libvirt-addresses.ts';
import { besideLibvirt } from './libvirt-bed.ts';
import { describeLibvirtFaults } from './libvirt-faults.ts';
import { describeLaunchOnLibvirt } from './libvirt-launch.ts';
import { describeMachineHost } from './machine-host.conformance.ts';
import { describeMachineScripts } from './machine-scripts.conformance.ts';

besideLibvirt(import.meta.filename, () => {
  const reopen = () =>
    new LibvirtHost({
      probePath: join(tmpdir(), 'unused'),
      logger: silentLogger,
      clock: systemClock,
      accelerator: 'tcg',
    });
  describeMachineHost('libvirt', reopen);
  describeMachineScripts('libvirt', reopen);
  describeLibvirtAddresses(reopen);
  describeLibvirtFaults(reopen);
  describeLaunchOnLibvirt();
});
