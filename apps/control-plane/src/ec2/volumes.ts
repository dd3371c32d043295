/** DescribeVolumes: the disks of launched machines. A volume goes with its machine. */
import { type Ec2Handlers, isoDateTime, type XmlMembers } from '@landfall/api';
import { GIB } from '@landfall/runtime';
import type { Service } from '../service.ts';
import type { MadeDisk } from '../store/machines.ts';
import type { FilterTable } from './filters.ts';
import { type Instance, instanceTags, listInstances } from './instance.ts';
import { listPage, selectById, tagSet } from './listings.ts';
import { zoneOf } from './networks.ts';
import { snapshotId, volumeId } from './stable-ids.ts';

type Operations = Pick<Ec2Handlers<Service>, 'DescribeVolumes'>;

interface Volume {
  readonly instance: Instance;
  readonly disk: MadeDisk;
}

/** What EC2 gives who asks for nothing. */
const VOLUME_TYPE = 'gp3';

export const volumeOperations: Operations = {
  DescribeVolumes: async (input, service) => {
    const instances = await listInstances(service);
    const volumes = instances
      .filter(({ state }) => state !== 'terminated')
      .flatMap((instance) => (instance.machine.made?.disks ?? []).map((disk) => ({ instance, disk })));
    const wanted = selectById(volumes, input.VolumeId, {
      ...{ idOf, notFound: 'InvalidVolume.NotFound', kind: 'volume' },
    });
    const { items, nextToken } = listPage(wanted, input, {
      ...{ name: 'DescribeVolumes', idOf, tagsOf, table: filtersOf(service) },
    });
    return { volumeSet: items.map((volume) => showVolume(service, volume)), nextToken };
  },
};

function idOf({ instance, disk }: Volume): string {
  return volumeId(instance.machine.machineId, disk.diskId);
}

function tagsOf({ instance, disk }: Volume): Readonly<Record<string, string>> {
  const { Name, ...tags } = instanceTags(instance);
  return { ...(Name === undefined ? {} : { Name: `${Name} ${disk.settings.deviceName}` }), ...tags };
}

function sizeGib({ sizeBytes }: MadeDisk): number {
  return Math.ceil(sizeBytes / GIB);
}

/** The recovery point it shows what it was not written to yet from. */
export function snapshotOf({ instance, disk }: Volume): string | undefined {
  const { sourceServerId, recoveryPoint } = instance.machine;
  return snapshotId({ sourceServerId, epoch: recoveryPoint.epoch, diskId: disk.diskId });
}

function filtersOf(service: Service): FilterTable<Volume> {
  return {
    'attachment.attach-time': ({ instance }) => isoDateTime(instance.machine.createdAtMs),
    'attachment.delete-on-termination': ({ disk }) => disk.settings.deleteOnTermination ?? true,
    'attachment.device': ({ disk }) => disk.settings.deviceName,
    'attachment.instance-id': ({ instance }) => instance.machine.machineId,
    'attachment.status': () => 'attached',
    'availability-zone': () => zoneOf(service),
    'create-time': ({ instance }) => isoDateTime(instance.machine.createdAtMs),
    size: ({ disk }) => sizeGib(disk),
    'snapshot-id': snapshotOf,
    status: () => 'in-use',
    'volume-id': idOf,
    'volume-type': ({ disk }) => disk.settings.volumeType ?? VOLUME_TYPE,
  };
}

function showVolume(service: Service, volume: Volume): XmlMembers {
  const { instance, disk } = volume;
  const { machineId, createdAtMs } = instance.machine;
  const {
    deviceName,
    volumeType = VOLUME_TYPE,
    iops,
    throughput,
    deleteOnTermination = true,
  } = disk.settings;
  const id = idOf(volume);
  const createTime = isoDateTime(createdAtMs);
  return {
    volumeId: id,
    size: sizeGib(disk),
    snapshotId: snapshotOf(volume),
    availabilityZone: zoneOf(service),
    status: 'in-use',
    createTime,
    attachmentSet: [
      {
        ...{ volumeId: id, instanceId: machineId, device: deviceName, status: 'attached' },
        ...{ attachTime: createTime, deleteOnTermination },
      },
    ],
    tagSet: tagSet(tagsOf(volume)),
    volumeType,
    ...{ iops, throughput },
    encrypted: false,
    multiAttachEnabled: false,
  };
}
