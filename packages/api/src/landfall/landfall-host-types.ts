/** What is known of a launch host: what it said last. What it has never said is absent. */

export type Accelerator = 'kvm' | 'tcg';

/** Of the appliance that a launch host keeps for the next launch at a point that was not converted before. */
export type ReadyApplianceState = 'READY' | 'STARTING' | 'NONE';

export interface LaunchHostItem {
  readonly launchHostID: string;
  readonly connected: boolean;
  readonly version?: string | undefined;
  /** What runs its machines: `qemu` or `libvirt`. */
  readonly hostKind?: string | undefined;
  /** Of that: `QEMU 7.2.22`. */
  readonly hostVersion?: string | undefined;
  readonly accelerator?: Accelerator | undefined;
  /** Why it is that one: what became of a trial of KVM, or what it lacked. */
  readonly acceleratorReason?: string | undefined;
  /** That which is there. */
  readonly firmware?: readonly LaunchHostFirmware[] | undefined;
  readonly machineTypes?: readonly string[] | undefined;
  readonly networks?: readonly LaunchHostNetwork[] | undefined;
  readonly cpuCount?: number | undefined;
  /** Tasks that want to run, for each processor. */
  readonly loadPerProcessor?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly freeMemoryBytes?: number | undefined;
  /** Of the file system that its machines' disks are on. */
  readonly diskTotalBytes?: number | undefined;
  readonly diskFreeBytes?: number | undefined;
  readonly readyAppliance?: ReadyApplianceState | undefined;
  /** Why there is none. */
  readonly readyApplianceReason?: string | undefined;
  readonly machines?: number | undefined;
  readonly lastSeenDateTime?: string | undefined;
}

export interface LaunchHostFirmware {
  /** `LEGACY_BIOS` or `UEFI`. */
  readonly bootMode: string;
  /** Paths on the launch host. */
  readonly files: readonly string[];
}

export interface LaunchHostNetwork {
  /** As a launch template names it. */
  readonly name: string;
  /** `ISOLATED`, `USER`, `NAT`, `BRIDGE` or `OTHER`. */
  readonly kind: string;
}
