/**
 * The private protocol between the control plane and the programs that dial out to it: agents, replication
 * servers, launch hosts. HTTPS with client certificates; JSON bodies; every command idempotent by its natural
 * key, because a restarted control plane sends it again.
 *
 *   GET  /ca.pem            no certificate                     -> the CA certificate, PEM
 *   POST /channel/enrol     token instead of a certificate     -> Enrolment
 *   POST /channel/renew     RenewalRequest                     -> Renewal: the next certificate
 *   POST /channel/report    what the program sees, every few s -> its configuration (what it should be doing)
 *   POST /channel/commands  CommandPoll, long poll             -> CommandList: what waits for this program
 *   POST /channel/results   CommandResult of one command       -> {}
 *
 * Anything but a 2xx status carries a ChannelFailure.
 */
import type {
  BandwidthSchedule,
  CaptureFacts,
  DataReplicationErrorString,
  DataReplicationState,
  DiskChange,
  DiskReplication,
  Forecast,
  PointSelector,
  ProofFacts,
  ProofRequest,
  RecoveryPoint,
  RetentionInForce,
  RetentionWish,
  ScrubFacts,
  SourceDisk,
  SourceProperties,
  TripwireFacts,
} from '@landfall/model';
import type { FileCommands } from './file-messages.ts';
import type { JournalCommands } from './journal-commands.ts';
import type {
  LaunchHostConfiguration,
  LaunchHostReport,
  MachineDisk,
  MachineSpecification,
  MachineStatus,
  PowerCommand,
} from './machine-messages.ts';
import type { PreflightCommands } from './preflight-messages.ts';
import type { SeedCommands } from './seed-messages.ts';

export type ProgramRole = 'agent' | 'replication-server' | 'launch-host';

// --- enrolment -------------------------------------------------------------------------------------------

export interface EnrolmentRequest {
  readonly role: ProgramRole;
  /** The secret part of an enrolment token. */
  readonly token: string;
  /** SPKI, PEM, P-256. The private key never leaves the program. */
  readonly publicKeyPem: string;
  /**
   * base64 ECDSA-SHA256 over the UTF-8 of `token + '\n' + installId`: proves possession of the private key.
   */
  readonly proof: string;
  /** UUID written at installation; together with the key it is the program's identity. */
  readonly installId: string;
  readonly version: string;
  /** Agents only. */
  readonly sourceProperties?: SourceProperties;
  readonly disks?: readonly SourceDisk[];
  readonly tags?: Readonly<Record<string, string>>;
  /** By which an inventory may have named the server already. */
  readonly userProvidedId?: string;
  /**
   * Replication servers only: addresses put into the certificate; the first is what agents are told to dial.
   */
  readonly addresses?: readonly string[];
}

export interface Enrolment {
  /** `s-…` for an agent, `rs-…` for a replication server, `lh-…` for a launch host. */
  readonly programId: string;
  /** Client certificate (for a replication server also its server certificate): CN = programId, OU = role. */
  readonly certificatePem: string;
  readonly caPem: string;
}

// --- renewal ---------------------------------------------------------------------------------------------

/** Asked with the current certificate, for one over a new key pair. The same key again: the same answer. */
export interface RenewalRequest {
  /** SPKI, PEM, P-256, of the new key. */
  readonly publicKeyPem: string;
  /** base64 ECDSA-SHA256 of the new key over the UTF-8 of `renewalStatement`. */
  readonly proof: string;
}

/** Binds the new key to the certificate it follows: a proof made for one program is of no use to another. */
export function renewalStatement(currentFingerprint: string): string {
  return `landfall certificate renewal\n${currentFingerprint}`;
}

export interface Renewal {
  readonly certificatePem: string;
  readonly caPem: string;
  /** Whether everybody whom the program shows its certificate to accepts the new one already. */
  readonly ready: boolean;
}

// --- agent -----------------------------------------------------------------------------------------------

export interface AgentReport {
  readonly version: string;
  readonly sourceProperties: SourceProperties;
  readonly disks: readonly SourceDisk[];
  readonly replication: {
    readonly state: DataReplicationState;
    readonly error?: { readonly error: DataReplicationErrorString; readonly rawError: string };
    readonly disks: readonly DiskReplication[];
    /** Age of the newest durable state of the source; null until the first recovery point. */
    readonly lagMs: number | null;
    readonly etaMs: number | null;
    readonly lastEpoch: number;
    readonly connected: boolean;
    /** Since this agent process began. */
    readonly bytesRead: number;
    readonly bytesSent: number;
    readonly firstSyncDurationMs: number | null;
    /** Of the last 10 minutes of acknowledged epochs: cut → acknowledged. */
    readonly lagP50Ms: number | null;
    readonly lagP99Ms: number | null;
    /** What happened to the disks lately, newest last; absent from older agents. */
    readonly diskChanges?: readonly DiskChange[];
    /** Absent while nothing is captured. */
    readonly capture?: CaptureFacts;
    /** While something is transferred. */
    readonly forecast?: Forecast;
    /** While one is wanted, and of the last that was. */
    readonly proof?: ProofFacts;
    /** What the agent's bulk reads do to the writes of the source, where that is measured and limited. */
    readonly impact?: SourceImpact;
  };
}

export interface SourceImpact {
  readonly budgetPercent: number;
  /** By which writes take longer while bulk is read; null: not known now. */
  readonly increasePercent: number | null;
  /** Bulk reads that may be under way at once; below 1: the share of time that is spent reading. */
  readonly level: number;
}

export interface AgentConfiguration {
  readonly desired: 'REPLICATE' | 'PAUSE' | 'STOP' | 'UNINSTALL';
  /** Absent until a replication server has been assigned. */
  readonly replicationServer?: {
    readonly replicationServerId: string;
    readonly host: string;
    readonly port: number;
  };
  readonly bandwidthThrottlingMbps: number;
  /** Takes the place of the cap above where a window holds; absent: it holds always. */
  readonly bandwidthSchedule?: BandwidthSchedule;
  /**
   * Per cent by which bulk reads may lengthen writes of the source; 0: no limit; absent: the agent's
   * default.
   */
  readonly impactBudgetPercent?: number;
  readonly epochIntervalMs: number;
  /** To be proved, once; absent: nothing. */
  readonly proof?: ProofRequest;
  /** Disks to go on without. */
  readonly excludedDiskIds?: readonly string[];
}

// --- replication server ----------------------------------------------------------------------------------

export interface ReplicationServerReport {
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly stagingTotalBytes: number;
  readonly stagingFreeBytes: number;
  readonly servers: readonly {
    readonly sourceServerId: string;
    readonly connected: boolean;
    readonly lastEpoch: number;
    readonly lastCutTimeMs: number | null;
    readonly recoveryPoints: number;
    readonly bytesOnDisk: number;
    readonly bytesReceived: number;
    /** Certificates its agent may connect with. */
    readonly acceptedFingerprints?: readonly string[];
    /** Absent from older replication servers, and while the journal is not open. */
    readonly scrub?: ScrubFacts;
    /** Absent from older replication servers, where nobody watches, and while the journal is not open. */
    readonly tripwire?: TripwireFacts;
    /** Set when staging cannot go on, e.g. STAGING_FULL. */
    readonly stalled?: { readonly code: string; readonly message: string };
    /** Set when space runs out soon: what to do. */
    readonly spaceWarning?: string;
    /** What its points are kept by; absent from older replication servers. */
    readonly retention?: RetentionInForce;
  }[];
}

export interface ReplicationServerConfiguration {
  /**
   * Servers it may accept. One that is not listed is refused on port 1500; its journal stays until
   * `discardServer`.
   */
  readonly servers: readonly {
    readonly sourceServerId: string;
    readonly certificateFingerprint: string;
    /** Of the certificate that is to follow, while both are accepted. */
    readonly nextCertificateFingerprint?: string;
    readonly disks: readonly SourceDisk[];
    /** Its journal may take so much of the staging volume; absent: what there is. */
    readonly journalLimitBytes?: number;
    /** Which of its points to keep; absent: nothing was put. */
    readonly retention?: RetentionWish;
  }[];
}

// --- commands --------------------------------------------------------------------------------------------

export interface MarkedRecoveryPoint extends RecoveryPoint {
  /** It is pinned: it stays until it is unpinned. */
  readonly name?: string;
  /** Nobody can remove it before. */
  readonly lockedUntilMs?: number;
}

/** Every command with its input and output, by role. */
export interface Commands {
  agent: {
    /** Resolves when a cut taken after the command arrived is durable. The barrier of a cutover. */
    takeRecoveryPoint: { input: Record<string, never>; output: RecoveryPoint };
  };
  'replication-server': JournalCommands & {
    listRecoveryPoints: {
      /** `marked`: only those with a name or a lock. */
      input: { sourceServerId: string; fromMs?: number; toMs?: number; limit: number; marked?: boolean };
      /** Newest first. */
      output: {
        recoveryPoints: readonly MarkedRecoveryPoint[];
        total: number;
        oldest?: RecoveryPoint;
        newest?: RecoveryPoint;
      };
    };
    resolveRecoveryPoint: { input: { sourceServerId: string; at: PointSelector }; output: RecoveryPoint };
    pinRecoveryPoint: {
      input: { sourceServerId: string; epoch: number; name: string };
      output: MarkedRecoveryPoint;
    };
    unpinRecoveryPoint: { input: { sourceServerId: string; epoch: number }; output: Record<string, never> };
    lockRecoveryPoint: {
      input: { sourceServerId: string; epoch: number; untilMs: number };
      output: MarkedRecoveryPoint;
    };
    /** What the tripwire said is known; `wasExpected`: and is usual for this server. */
    acknowledgeTripwire: { input: { sourceServerId: string; wasExpected: boolean }; output: TripwireFacts };
    /**
     * Idempotent by exportId; survives a restart of the replication server; closed by itself when it is not
     * opened again within `leaseMs`.
     */
    openExport: {
      input: { exportId: string; sourceServerId: string; epoch: number; leaseMs?: number };
      output: { disks: readonly MachineDisk[] };
    };
    closeExport: { input: { exportId: string }; output: Record<string, never> };
    openSeed: SeedCommands['openSeed'];
    closeSeed: SeedCommands['closeSeed'];
    discardServer: { input: { sourceServerId: string }; output: { freedBytes: number } };
  };
  'launch-host': PreflightCommands & {
    /** Begins conversion and launch, or reports how far they are. Idempotent by machineId. */
    ensureMachine: { input: MachineSpecification; output: MachineStatus };
    describeMachine: { input: { machineId: string }; output: MachineStatus };
    /**
     * Begins to fill in the machine's disks, or goes on; the limit, for all disks together, is from now on as
     * given (absent: none). Answers at once. Idempotent.
     */
    hydrateMachine: { input: { machineId: string; bandwidthBytesPerSecond?: number }; output: MachineStatus };
    /** Of a machine that was launched. Answers at once. */
    powerMachine: { input: PowerCommand; output: MachineStatus };
    terminateMachine: { input: { machineId: string }; output: MachineStatus };
    readConsole: { input: { machineId: string; tailBytes: number }; output: { text: string } };
    takeScreenshot: { input: { machineId: string }; output: { pngBase64: string } };
  } & FileCommands;
}

export type CommandName<Role extends ProgramRole> = keyof Commands[Role] & string;
export type CommandInput<
  Role extends ProgramRole,
  Name extends CommandName<Role>,
> = Commands[Role][Name] extends { input: infer Input } ? Input : never;
export type CommandOutput<
  Role extends ProgramRole,
  Name extends CommandName<Role>,
> = Commands[Role][Name] extends { output: infer Output } ? Output : never;

/** What a program implements: one function a command. */
export type CommandHandlers<Role extends ProgramRole> = {
  readonly [Name in CommandName<Role>]: (
    input: CommandInput<Role, Name>,
  ) => Promise<CommandOutput<Role, Name>>;
};

export interface CommandEnvelope {
  readonly commandId: string;
  readonly name: string;
  readonly input: unknown;
}

export type CommandResult =
  | { readonly commandId: string; readonly ok: true; readonly output: unknown }
  | {
      readonly commandId: string;
      readonly ok: false;
      readonly error: {
        readonly code: string;
        readonly message: string;
        readonly hint?: string;
        readonly retryable: boolean;
      };
    };

/**
 * The body of a long poll: the control plane answers at once when something waits, else after about `waitMs`.
 */
export interface CommandPoll {
  readonly waitMs: number;
}

export interface CommandList {
  readonly commands: readonly CommandEnvelope[];
}

/** The body of every answer that is not 2xx. */
export interface ChannelFailure {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly retryable: boolean;
  };
}

export interface ReportByRole {
  agent: AgentReport;
  'replication-server': ReplicationServerReport;
  'launch-host': LaunchHostReport;
}

export interface ConfigurationByRole {
  agent: AgentConfiguration;
  'replication-server': ReplicationServerConfiguration;
  'launch-host': LaunchHostConfiguration;
}
