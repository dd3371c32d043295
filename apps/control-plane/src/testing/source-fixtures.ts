/** The server that simulated agents say they run on. */
import type { SourceDisk, SourceProperties } from '@landfall/model';
import { GIB } from '@landfall/runtime';

export const SOURCE_DISKS: readonly SourceDisk[] = [
  { diskId: 'disk-0', deviceName: '/dev/vda', sizeBytes: 4 * GIB, isBootDisk: true },
  { diskId: 'disk-1', deviceName: '/dev/vdb', sizeBytes: GIB, isBootDisk: false },
];

export const SOURCE_PROPERTIES: SourceProperties = {
  lastUpdatedDateTime: '2026-01-31T12:00:00.000Z',
  recommendedInstanceType: 't3.small',
  identificationHints: { hostname: 'web-1', fqdn: 'web-1.example.org' },
  networkInterfaces: [
    {
      macAddress: '52:54:00:12:34:56',
      ips: ['10.0.2.15'],
      isPrimary: true,
      addresses: [{ address: '10.0.2.15/24', gateway: '10.0.2.2' }],
    },
  ],
  nameServers: ['10.0.2.3'],
  disks: SOURCE_DISKS.map(({ deviceName, sizeBytes }) => ({ deviceName, bytes: sizeBytes })),
  cpus: [{ cores: 2, modelName: 'QEMU Virtual CPU' }],
  ramBytes: 2 * GIB,
  os: { fullString: 'Debian GNU/Linux 12 (bookworm)' },
};
