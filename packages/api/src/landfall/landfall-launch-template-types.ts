/**
 * Launch templates of the `landfall` service: what a machine is made of beyond the words of MGN's launch
 * configuration. One template a server, its versions never changed; a launch follows the default version.
 */

export interface LaunchTemplateOperations {
  readonly CreateLaunchTemplateVersion: {
    readonly input: CreateLaunchTemplateVersionRequest;
    readonly output: CreateLaunchTemplateVersionResponse;
  };
  readonly DescribeLaunchTemplateVersions: {
    readonly input: DescribeLaunchTemplateVersionsRequest;
    readonly output: DescribeLaunchTemplateVersionsResponse;
  };
  readonly SetDefaultLaunchTemplateVersion: {
    readonly input: SetDefaultLaunchTemplateVersionRequest;
    readonly output: SetDefaultLaunchTemplateVersionResponse;
  };
  readonly DeleteLaunchTemplateVersion: {
    readonly input: DeleteLaunchTemplateVersionRequest;
    readonly output: Record<string, never>;
  };
  readonly ListMachineSizes: {
    readonly input: Record<string, never>;
    readonly output: ListMachineSizesResponse;
  };
}

export interface CreateLaunchTemplateVersionRequest {
  readonly sourceServerID: string;
  /** What `launchTemplateData` leaves out is taken from this version; absent: it stays unset. */
  readonly sourceVersion?: string | undefined;
  readonly versionDescription?: string | undefined;
  readonly launchTemplateData: LaunchTemplateData;
}

export interface CreateLaunchTemplateVersionResponse {
  readonly launchTemplateVersion: LaunchTemplateVersion;
}

export interface DescribeLaunchTemplateVersionsRequest {
  readonly sourceServerID: string;
  /** Numbers, `$Default`, `$Latest`; absent: all. */
  readonly versions?: readonly string[] | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface DescribeLaunchTemplateVersionsResponse {
  /** Newest first. */
  readonly items: readonly LaunchTemplateVersion[];
  readonly nextToken?: string | undefined;
}

export interface SetDefaultLaunchTemplateVersionRequest {
  readonly sourceServerID: string;
  readonly version: string;
}

export interface SetDefaultLaunchTemplateVersionResponse {
  readonly launchTemplateVersion: LaunchTemplateVersion;
}

export interface DeleteLaunchTemplateVersionRequest {
  readonly sourceServerID: string;
  readonly version: string;
}

export interface LaunchTemplateVersion {
  readonly launchTemplateID: string;
  readonly sourceServerID: string;
  readonly versionNumber: number;
  readonly isDefault: boolean;
  readonly createdDateTime: string;
  readonly versionDescription?: string | undefined;
  readonly launchTemplateData: LaunchTemplateData;
}

export interface LaunchTemplateData {
  /** Of the catalogue of machine sizes. */
  readonly instanceType?: string | undefined;
  /** A network of the launch host; absent: its default, which for a test is isolated. */
  readonly networkName?: string | undefined;
  /** TCP ports of the machine that are let in: made reachable on the launch host. */
  readonly inboundPorts?: readonly number[] | undefined;
  /** What becomes of connections to other ports; absent: LISTED_PORTS. */
  readonly inboundTraffic?: InboundTraffic | undefined;
  /** The machine's own; absent: DHCP. */
  readonly addresses?: readonly LaunchTemplateAddress[] | undefined;
  readonly disks?: readonly LaunchTemplateDisk[] | undefined;
  /** How the guest is made ready; absent: AUTOMATIC. */
  readonly conversionMethod?: ConversionMethod | undefined;
  /** When the disks of a cutover's machine begin to fill in; absent: AFTER_LAUNCH. */
  readonly hydrationStart?: HydrationStart | undefined;
  /** From 65536, for all disks of a machine together; 0 or absent: as fast as it goes. */
  readonly hydrationBytesPerSecondMax?: number | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/**
 * LISTED_PORTS: no TCP connection to other ports than `inboundPorts` reaches the machine. ALL: its network
 * decides; where ports are forwarded, those of `inboundPorts` are.
 */
export type InboundTraffic = 'LISTED_PORTS' | 'ALL';

/** AUTOMATIC: Landfall's own, and virt-v2v where that does not apply. */
export type ConversionMethod = 'AUTOMATIC' | 'LANDFALL' | 'VIRT_V2V';

/**
 * AFTER_LAUNCH: by itself, once the cutover's launch has ended well and its guest had two minutes to boot.
 * AT_FINALIZE: once the server is finalized, disconnected or stopped. Those of a test fill in when that is
 * asked for.
 */
export type HydrationStart = 'AFTER_LAUNCH' | 'AT_FINALIZE';

export interface LaunchTemplateAddress {
  /** With prefix length: `192.0.2.10/24`. */
  readonly address: string;
  readonly gateway?: string | undefined;
  readonly nameServers?: readonly string[] | undefined;
}

export interface LaunchTemplateDisk {
  /** As the source server names it. */
  readonly deviceName: string;
  /** Kept for those who ask; without effect. */
  readonly volumeType?: DiskVolumeType | undefined;
  /** No more operations a second than these; absent: as many as the launch host does. */
  readonly iops?: number | undefined;
  /** No more MiB a second than these. */
  readonly throughput?: number | undefined;
  /** False: a disk that depends on nothing of ours stays on the launch host when its machine goes. */
  readonly deleteOnTermination?: boolean | undefined;
}

export interface ListMachineSizesResponse {
  /** Smallest first. */
  readonly items: readonly MachineSizeItem[];
}

export interface MachineSizeItem {
  readonly name: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
}

export type DiskVolumeType = 'io1' | 'io2' | 'gp3' | 'gp2' | 'st1' | 'sc1' | 'standard';
