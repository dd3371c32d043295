/**
 * What a launch asks the launch host for: the launch configuration, the default version of the launch
 * template, the server as its agent reports it, and the scripts of its post-launch actions, made one.
 */
import type { MachineDisk, MachineNetwork, MachineSpecification } from '@landfall/channel';
import { MIB, OperationError } from '@landfall/runtime';
import { type PostLaunchPlan, planPostLaunch } from '../actions/post-launch-plan.ts';
import { requireDocument } from '../actions/script-library.ts';
import { openParameter } from '../identity/script-secrets.ts';
import { bootModeFor } from '../launch/boot-mode.ts';
import type { LaunchTemplateData } from '../launch/launch-template.ts';
import { networkOf } from '../launch/machine-network.ts';
import { keepInStep } from '../launch/server-template.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import { showSourceServer } from '../operations/source-server-view.ts';
import type { Service } from '../service.ts';
import { type ChosenSize, findSize, fitToHost, shortfall } from '../sizes/right-sizing.ts';
import type { LaunchTemplateVersionRecord } from '../store/launch-templates.ts';
import type { HydrationWish, MachineMake } from '../store/machines.ts';
import { listActions } from '../store/post-launch-actions.ts';
import type { Queries } from '../store/schema.ts';
import { listParameters } from '../store/scripts.ts';

export interface MachineWish {
  readonly machineId: string;
  readonly launchHostId: string;
  readonly purpose: 'TEST' | 'CUTOVER';
  readonly disks: readonly MachineDisk[];
}

export interface SpecifiedMachine {
  readonly specification: MachineSpecification;
  readonly postLaunch: PostLaunchPlan;
  readonly instanceType: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly made: MachineMake;
  readonly hydration: HydrationWish;
  /** Where the machine is less than was asked for, and why. */
  readonly remarks: readonly string[];
}

/** Errors: MACHINE_SIZE_IMPOSSIBLE, MACHINE_SIZE_UNKNOWN, POST_LAUNCH_INVALID. */
export function specifyMachine(
  service: Service,
  server: SourceServerRecord,
  wish: MachineWish,
): Promise<SpecifiedMachine> {
  return service.store.transaction(async (tx) => {
    const { launchConfiguration, sourceProperties } = server;
    const { version } = await keepInStep(service, tx, server);
    const template = version.data;
    const name = server.tags.Name ?? sourceProperties.identificationHints.hostname;
    const chosen = chooseSize(service, server, template, wish.launchHostId);
    const postLaunch = await planScripts(service, tx, server, wish);
    const network = networkOf(server, template);
    const tags = { ...(launchConfiguration.copyTags === true ? server.tags : {}), ...template.tags };
    return {
      specification: {
        machineId: wish.machineId,
        name,
        purpose: wish.purpose,
        disks: wish.disks.map((disk) => withTemplate(disk, template)),
        cpuCount: chosen.size.cpuCount,
        memoryBytes: chosen.size.memoryBytes,
        bootMode: bootModeFor(server),
        disposition: launchConfiguration.launchDisposition,
        publishedPorts: template.inboundPorts ?? [],
        inboundTraffic: template.inboundTraffic ?? 'LISTED_PORTS',
        ...(template.conversionMethod === undefined ? {} : { conversionMethod: template.conversionMethod }),
        ...(network.network === undefined ? {} : { network: network.network }),
        ...(postLaunch.scripts.length === 0 ? {} : { postLaunchScripts: postLaunch.scripts }),
      },
      postLaunch,
      instanceType: chosen.size.name,
      tags,
      made: makeOf({ name, version, network: network.network, disks: wish.disks }),
      hydration: hydrationOf(template),
      remarks: [...chosen.remarks, ...network.remarks],
    };
  });
}

interface MakeFacts {
  readonly name: string;
  readonly version: LaunchTemplateVersionRecord;
  readonly network: MachineNetwork | undefined;
  readonly disks: readonly MachineDisk[];
}

/** What is shown of the machine afterwards, whatever becomes of its template. */
function makeOf({ name, version, network = {}, disks }: MakeFacts): MachineMake {
  const { launchTemplateId, versionNumber, data } = version;
  const { networkName, addresses } = network;
  return {
    name,
    launchTemplate: { launchTemplateId, versionNumber },
    ...(networkName === undefined ? {} : { networkName }),
    inboundPorts: data.inboundPorts ?? [],
    ...(data.inboundTraffic === undefined ? {} : { inboundTraffic: data.inboundTraffic }),
    ...(addresses === undefined ? {} : { addresses }),
    disks: disks.map(({ diskId, deviceName, sizeBytes, isBootDisk }) => ({
      ...{ diskId, sizeBytes, isBootDisk },
      settings: data.disks?.find((disk) => disk.deviceName === deviceName) ?? { deviceName },
    })),
  };
}

/** Nothing is filled in before the launch has come up. */
function hydrationOf(template: LaunchTemplateData): HydrationWish {
  const { hydrationStart: start = 'AFTER_LAUNCH', hydrationBytesPerSecondMax: limit = 0 } = template;
  return { start, isWanted: false, bytesPerSecondMax: limit === 0 ? null : limit };
}

function chooseSize(
  { sizes, reports }: Service,
  { launchConfiguration, sourceProperties }: SourceServerRecord,
  { instanceType }: LaunchTemplateData,
  launchHostId: string,
): ChosenSize & { readonly remarks: readonly string[] } {
  const wanted = instanceType === undefined ? undefined : findSize(sizes, instanceType);
  if (wanted === undefined) throw unknownSize(instanceType);
  const isBasic = launchConfiguration.targetInstanceTypeRightSizingMethod === 'BASIC';
  const lacking = isBasic ? shortfall(wanted, sourceProperties) : undefined;
  const chosen = fitToHost(sizes, wanted, reports.last('launch-host', launchHostId)?.report);
  return { ...chosen, remarks: [lacking, chosen.remark].filter((remark) => remark !== undefined) };
}

function withTemplate(disk: MachineDisk, { disks = [] }: LaunchTemplateData): MachineDisk {
  const found = disks.find(({ deviceName }) => deviceName === disk.deviceName);
  const { iops, throughput, deleteOnTermination } = found ?? {};
  const limits = {
    ...(iops === undefined ? {} : { operationsPerSecond: iops }),
    ...(throughput === undefined ? {} : { bytesPerSecond: throughput * MIB }),
  };
  return {
    ...disk,
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(deleteOnTermination === false ? { keepOnTermination: true } : {}),
  };
}

async function planScripts(
  service: Service,
  tx: Queries,
  server: SourceServerRecord,
  { machineId, purpose }: MachineWish,
): Promise<PostLaunchPlan> {
  const stored = await listParameters(tx);
  return planPostLaunch({
    purpose,
    settings: server.launchConfiguration.postLaunchActions,
    actions: await listActions(tx, server.sourceServerId),
    findDocument: (name, version) => requireDocument(tx, name, version),
    parameters: stored.map((parameter) => openParameter(service.vaults.scripts, parameter)),
    facts: { ...showSourceServer(service, server), launchedInstance: { ec2InstanceID: machineId } },
  });
}

function unknownSize(instanceType: string | undefined): OperationError {
  const what = instanceType === undefined ? 'names no size' : `names ${instanceType}, which is no size known`;
  return new OperationError('MACHINE_SIZE_UNKNOWN', `the launch template ${what}`, {
    hint: '`landfall machine sizes` shows the sizes there are; set one with `landfall launch-template set`',
  });
}
