/** What the control plane and a launch host say of machines. */

export interface LaunchHostReport {
  readonly version: string;
  readonly accelerator: 'kvm' | 'tcg';
  readonly freeMemoryBytes: number;
  /** Absent from older launch hosts. */
  readonly capabilities?: LaunchHostCapabilities;
  /**
   * How many tasks want to run at once for each processor: over the last minute, or the last five where that
   * is more. Absent from older launch hosts.
   */
  readonly loadPerProcessor?: number;
  readonly machines: readonly MachineStatus[];
  /** Which `MachineNetwork.networkName` there are; absent from older launch hosts. */
  readonly networks?: readonly { readonly name: string; readonly kind: string }[];
  /** Absent from older launch hosts. */
  readonly keptConversions?: readonly KeptConversionFacts[];
}

/** What a launch host really can, and why not more. */
export interface LaunchHostCapabilities {
  /** What runs its machines, `qemu` or `libvirt`. */
  readonly kind: string;
  /** Of that: `QEMU 7.2.22`. */
  readonly version: string;
  /** Why the accelerator is what it is: what became of the trial of KVM, or what that lacked. */
  readonly acceleratorReason: string;
  readonly firmware: readonly { readonly bootMode: string; readonly files: readonly string[] }[];
  /** `pc`, `q35`. */
  readonly machineTypes: readonly string[];
  readonly cpuCount: number;
  readonly memoryBytes: number;
  /** Of the file system that its machines' disks are on. */
  readonly diskTotalBytes: number;
  readonly diskFreeBytes: number;
  /** Whether an appliance stands ready for the next launch. Absent from older launch hosts. */
  readonly readyAppliance?: 'READY' | 'STARTING' | 'NONE';
  /** Why there is none. */
  readonly readyApplianceReason?: string;
}

export interface LaunchHostConfiguration {
  /** Names of kept conversions that are still wanted: the others are removed. Absent: all stay. */
  readonly keptConversions?: readonly string[];
}

/** Overlays as a conversion left them, kept for machines to come; see keepConversionAs. */
export interface KeptConversionFacts {
  readonly name: string;
  readonly recoveryPoint: MachinePoint;
  readonly keptAtMs: number;
  readonly bytes: number;
}

/** What the views of a machine show. */
export interface MachinePoint {
  readonly sourceServerId: string;
  readonly epoch: number;
  readonly cutTimeMs: number;
}

export interface MachineDisk {
  readonly diskId: string;
  readonly deviceName: string;
  readonly sizeBytes: number;
  readonly isBootDisk: boolean;
  /** NBD URI of the read-only view: `nbd+unix:///EXPORT?socket=PATH` or `nbd://HOST:PORT/EXPORT`. */
  readonly nbdUri: string;
  /** Absent: as fast as the launch host is. */
  readonly limits?: { readonly operationsPerSecond?: number; readonly bytesPerSecond?: number };
  /** What the machine wrote stays on the launch host when it is terminated, if it depends on no view. */
  readonly keepOnTermination?: boolean;
}

/** Also chosen by a conversion that knows that the guest has no drivers for VIRTIO. */
export type MachineHardware = 'VIRTIO' | 'COMPATIBLE';

/** An address of the source, kept by the launched machine. */
export interface KeptAddress {
  /** IPv4 or IPv6 with prefix length, `192.0.2.10/24`. */
  readonly address: string;
  readonly gateway?: string;
  readonly nameServers?: readonly string[];
}

export interface MachineNetwork {
  /**
   * Name of a network of the launch host; absent: its default, which for a TEST is isolated: it reaches
   * neither the source nor anything else.
   */
  readonly networkName?: string;
  /** Absent: derived from machineId. */
  readonly macAddress?: string;
  /** Absent: DHCP. */
  readonly addresses?: readonly KeptAddress[];
}

export interface PostLaunchScript {
  /** Unique within the machine; letters, digits, `-`. */
  readonly actionId: string;
  readonly name: string;
  /** 1 first; equal numbers in the order of the list. */
  readonly order: number;
  /**
   * Text of the script, run as root; its first line names the interpreter (`#!`). Each parameter is in its
   * environment as LANDFALL_PARAMETER_NAME.
   */
  readonly script: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** A failure or timeout of it ends the launch as failed, and what comes after it is not run. */
  readonly mustSucceed: boolean;
}

export interface PostLaunchOutcome {
  readonly actionId: string;
  readonly state: 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'NOT_RUN';
  readonly exitCode?: number;
  /** The last 16 KiB of both streams. */
  readonly output: string;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

/** By which a machine is known to live. */
export type SignOfLife =
  | { readonly kind: 'LOGIN_PROMPT' }
  | { readonly kind: 'GUEST_AGENT' }
  | { readonly kind: 'TCP'; readonly port: number }
  | { readonly kind: 'HTTP'; readonly port: number; readonly path: string }
  /** The one of the post-launch scripts that has this name ended well. */
  | { readonly kind: 'SCRIPT'; readonly script: string };

export interface MachineSpecification {
  /** `i-` + 17 hexadecimal digits. */
  readonly machineId: string;
  readonly name: string;
  /** PROOF: boots in an isolated network to be looked at, and is terminated. */
  readonly purpose: 'TEST' | 'CUTOVER' | 'PROOF';
  readonly disks: readonly MachineDisk[];
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly bootMode: 'LEGACY_BIOS' | 'UEFI' | 'USE_SOURCE';
  readonly disposition: 'STARTED' | 'STOPPED';
  /** TCP ports of the machine made reachable on the launch host's loopback. */
  readonly publishedPorts: readonly number[];
  /**
   * LISTED_PORTS: where the machine shares a network, no other TCP ports than these are let in either. ALL:
   * its network decides. Absent: ALL.
   */
  readonly inboundTraffic?: 'LISTED_PORTS' | 'ALL';
  /** How the guest is converted; AUTOMATIC: virt-v2v where ours does not apply. Absent: AUTOMATIC. */
  readonly conversionMethod?: 'AUTOMATIC' | 'LANDFALL' | 'VIRT_V2V';
  /** Absent: as conversion finds that the guest can use. */
  readonly hardware?: MachineHardware;
  readonly network?: MachineNetwork;
  readonly postLaunchScripts?: readonly PostLaunchScript[];
  /**
   * The guest is made ready to run post-launch scripts, for machines that begin with this one's conversion.
   * Absent: when this machine has any.
   */
  readonly preparesForScripts?: boolean;
  /** Waited for after the start, any one of them; absent: nothing is waited for. */
  readonly signsOfLife?: readonly SignOfLife[];
  /**
   * Conversions kept under this name (of the same disks at the same recovery point, see keepConversionAs)
   * are used again instead of being done.
   */
  readonly preparedConversion?: string;
  /**
   * The overlays as conversion leaves them are kept under this name (letters, digits, `.`, `-`), as long as
   * there is room and the configuration of the launch host wants them. Needs recoveryPoint.
   */
  readonly keepConversionAs?: string;
  /** Kept with a conversion, and compared before one is used again. */
  readonly recoveryPoint?: MachinePoint;
}

/** To power itself off; after RESTART it is started again. */
export type PowerRequest = 'STOP' | 'RESTART';

export interface PowerCommand {
  readonly machineId: string;
  /**
   * STOP and RESTART ask the guest to power itself off, as the button on a computer does; from one that has
   * not after some minutes the power is taken away. What is so already is a success.
   */
  readonly action: 'START' | PowerRequest;
  /** The power is taken away at once. */
  readonly forced: boolean;
}

export type MachinePhase =
  | 'CONVERTING'
  | 'CONVERTED'
  | 'STARTING'
  | 'RUNNING'
  | 'STOPPED'
  | 'FAILED'
  | 'TERMINATED';

export interface PreparedConversionUse {
  readonly isUsed: boolean;
  /** Why it is not, and the machine is converted as ever. */
  readonly reason?: string;
}

export interface MachineStatus {
  readonly machineId: string;
  /** Grows with every change: of two statuses the one with the larger is the newer, however they came. */
  readonly revision: number;
  readonly phase: MachinePhase;
  /** What conversion did, in order, each with before and after. */
  readonly conversion: readonly {
    readonly step: string;
    readonly detail: string;
    readonly durationMs: number;
  }[];
  /**
   * What came of `MachineSpecification.preparedConversion`; absent: none was asked for, it was not looked at
   * yet, or the launch host is an older one.
   */
  readonly preparedConversion?: PreparedConversionUse;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  /** Filling in of the machine's own disks; `COMPLETE`: it depends on nothing of ours. */
  readonly hydration: {
    readonly state: 'NOT_STARTED' | 'RUNNING' | 'COMPLETE' | 'FAILED';
    readonly doneBytes: number;
    readonly totalBytes: number;
    /** For all disks together; absent: as fast as it goes, and from older launch hosts. */
    readonly bytesPerSecondMax?: number;
  };
  readonly published: readonly { readonly guestPort: number; readonly host: string; readonly port: number }[];
  readonly startedAtMs: number | null;
  /** What was asked of the guest and is waited for. */
  readonly powerRequest?: PowerRequest;
  /** As conversion decided; absent before it has, and from older launch hosts. */
  readonly hardware?: MachineHardware;
  /** One a script, in the order they run; absent: there are none. */
  readonly postLaunch?: readonly PostLaunchOutcome[];
  /** The first sign of life, once seen. */
  readonly life?: { readonly sign: SignOfLife; readonly atMs: number; readonly detail: string };
}
