/**
 * The shape of what programs send, checked before it is believed. Enrolment comes from anybody and is checked
 * whole; reports come from enrolled programs and are checked where the code relies on them.
 */
import type {
  CommandPoll,
  CommandResult,
  EnrolmentRequest,
  ProgramRole,
  RenewalRequest,
  ReportByRole,
} from '@landfall/channel';
import {
  BOTTLENECKS,
  CAPTURE_MODES,
  CONSISTENCIES,
  DAMAGE_KINDS,
  DAMAGES_TOLD_MAX,
  DIFFERENCE_KINDS,
  DIFFERENCES_KEPT_MAX,
  DISK_CHANGE_KINDS,
  FORECAST_VERDICTS,
  PROOF_STATES,
  RANSOMWARE_SUSPECTED,
  RETENTION_ORIGINS,
  SUSPICIONS_TOLD_MAX,
} from '@landfall/model';
import { OperationError } from '@landfall/runtime';

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const DISKS_MAX = 60;
const TAGS_MAX = 50;
const LIST_MAX = 1000;
const FINGERPRINTS_MAX = 4;
const FIRMWARE_FILES_MAX = 8;

const text =
  (charactersMax: number): Check =>
  (value) =>
    typeof value === 'string' && value.length > 0 && value.length <= charactersMax;
const count: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const countOrNull: Check = (value) => value === null || (typeof value === 'number' && Number.isFinite(value));
const flag: Check = (value) => typeof value === 'boolean';
const uuid: Check = (value) => typeof value === 'string' && /^[0-9a-fA-F-]{16,64}$/.test(value);
const role: Check = (value) => value === 'agent' || value === 'replication-server' || value === 'launch-host';
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const list =
  (check: Check, itemsMax = LIST_MAX): Check =>
  (value) =>
    Array.isArray(value) && value.length <= itemsMax && value.every(check);
const shape =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isFields(value) && firstWrong(value, checks) === undefined;
const tags: Check = (value) =>
  isFields(value) &&
  Object.keys(value).length <= TAGS_MAX &&
  Object.entries(value).every(
    ([key, tag]) => key.length <= 256 && typeof tag === 'string' && tag.length <= 256,
  );

/** As the public API has it: not blank, no space at its ends. */
const providedId: Check = (value) =>
  typeof value === 'string' && value.length <= 256 && /^[^\s\0]( *[^\s\0])*$/.test(value);

const disk = shape({ diskId: text(64), deviceName: text(256), sizeBytes: count, isBootDisk: flag });
const captureMode: Check = (value) => CAPTURE_MODES.some((mode) => mode === value);
const diskChange = shape({
  atMs: count,
  kind: (value) => DISK_CHANGE_KINDS.some((kind) => kind === value),
  diskId: text(64),
  deviceName: text(256),
  sizeBytes: count,
  previousSizeBytes: count,
});
const sourceProperties = shape({
  lastUpdatedDateTime: text(64),
  identificationHints: shape({ hostname: text(256), fqdn: optional(text(256)) }),
  networkInterfaces: list(
    shape({
      macAddress: text(64),
      ips: list(text(64)),
      isPrimary: flag,
      addresses: optional(list(shape({ address: text(64), gateway: optional(text(64)) }))),
    }),
  ),
  nameServers: optional(list(text(64), 16)),
  disks: list(shape({ deviceName: text(256), bytes: count }), LIST_MAX),
  cpus: list(shape({ cores: count, modelName: (value) => typeof value === 'string' }), LIST_MAX),
  ramBytes: count,
  os: shape({ fullString: text(1024) }),
  bootMode: optional((value) => value === 'LEGACY_BIOS' || value === 'UEFI'),
});

const numeric: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const forecast = shape({
  verdict: (value) => FORECAST_VERDICTS.some((verdict) => verdict === value),
  bytesToGo: count,
  etaP50Ms: countOrNull,
  etaP90Ms: countOrNull,
  bottleneck: (value) => value === null || BOTTLENECKS.some((stage) => stage === value),
  capacities: list(
    shape({ stage: (value) => BOTTLENECKS.some((stage) => stage === value), bytesPerSecond: numeric }),
    BOTTLENECKS.length,
  ),
  churnBytesPerSecond: countOrNull,
  neededSeconds: countOrNull,
  explanation: text(500),
});

const damage = shape({
  kind: (value) => DAMAGE_KINDS.some((kind) => kind === value),
  path: text(256),
  positionBytes: count,
  what: text(2000),
  diskId: optional(text(64)),
  offsetBytes: optional(count),
  lengthBytes: optional(count),
  firstEpoch: optional(count),
  lastEpoch: optional(count),
  isInNewest: flag,
});
const scrub = shape({
  bytesDone: count,
  bytesTotal: count,
  passStartedAtMs: countOrNull,
  lastPassEndedAtMs: countOrNull,
  passes: count,
  damageCount: count,
  damages: list(damage, DAMAGES_TOLD_MAX),
});

const suspicion = shape({
  code: (value) => value === RANSOMWARE_SUSPECTED,
  detectedAtMs: count,
  beganAtMs: count,
  convertedBytes: count,
  diskIds: list(text(64), DISKS_MAX),
  pinnedEpoch: optional(count),
  lastSeenAtMs: count,
  endedAtMs: countOrNull,
  acknowledgedAtMs: countOrNull,
});

const retention = shape({
  origin: (value) => RETENTION_ORIGINS.some((origin) => origin === value),
  tiers: list(shape({ everyMs: count, forMs: count })),
});

const differenceCounts = shape({ DIFFERENT: count, DAMAGED: count, LEFT_OUT: count });
const point = shape({
  epoch: count,
  cutTimeMs: count,
  consistency: (value) => CONSISTENCIES.some((consistency) => consistency === value),
});
const provedDisk = shape({
  diskId: text(64),
  sizeBytes: count,
  chunks: count,
  rootSha256: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  chunksChangedSince: count,
  chunksSentWhole: count,
});
const difference = shape({
  kind: (value) => DIFFERENCE_KINDS.some((kind) => kind === value),
  diskId: text(64),
  offsetBytes: count,
  lengthBytes: count,
  epoch: count,
});
const proof = shape({
  proofId: text(64),
  state: (value) => PROOF_STATES.some((state) => state === value),
  reason: optional(text(2000)),
  chunksDone: count,
  chunksTotal: count,
  differenceCounts,
  result: optional(
    shape({
      journalId: text(64),
      startedAtMs: count,
      endedAtMs: count,
      first: point,
      last: point,
      disks: list(provedDisk, DISKS_MAX),
      differenceCounts,
      differences: list(difference, DIFFERENCES_KEPT_MAX),
    }),
  ),
});

const ENROLMENT = {
  role,
  token: text(512),
  publicKeyPem: text(2048),
  proof: text(512),
  installId: uuid,
  version: text(64),
  sourceProperties: optional(sourceProperties),
  disks: optional(list(disk, DISKS_MAX)),
  tags: optional(tags),
  userProvidedId: optional(providedId),
  addresses: optional(list(text(253), 16)),
} as const satisfies Record<keyof EnrolmentRequest, Check>;

const RENEWAL = {
  publicKeyPem: text(2048),
  proof: text(512),
} as const satisfies Record<keyof RenewalRequest, Check>;

const REPORTS = {
  agent: {
    version: text(64),
    sourceProperties,
    disks: list(disk, DISKS_MAX),
    replication: shape({
      state: text(64),
      disks: list(isFields, DISKS_MAX),
      lagMs: countOrNull,
      etaMs: countOrNull,
      lastEpoch: count,
      connected: flag,
      diskChanges: optional(list(diskChange)),
      capture: optional(
        shape({ mode: captureMode, reason: optional(text(2000)), warnings: list(text(2000)) }),
      ),
      forecast: optional(forecast),
      proof: optional(proof),
      impact: optional(shape({ budgetPercent: count, increasePercent: countOrNull, level: numeric })),
    }),
  },
  'replication-server': {
    version: text(64),
    host: text(253),
    port: count,
    servers: list(
      shape({
        sourceServerId: text(64),
        connected: flag,
        acceptedFingerprints: optional(list(text(64), FINGERPRINTS_MAX)),
        scrub: optional(scrub),
        spaceWarning: optional(text(2000)),
        retention: optional(retention),
        tripwire: optional(shape({ suspicions: list(suspicion, SUSPICIONS_TOLD_MAX) })),
      }),
    ),
  },
  'launch-host': {
    version: text(64),
    accelerator: text(16),
    freeMemoryBytes: count,
    capabilities: optional(
      shape({
        ...{ kind: text(32), version: text(256), acceleratorReason: text(2000) },
        firmware: list(shape({ bootMode: text(32), files: list(text(4096), FIRMWARE_FILES_MAX) })),
        ...{ machineTypes: list(text(64)), cpuCount: count, memoryBytes: count },
        ...{ diskTotalBytes: count, diskFreeBytes: count },
        ...{ readyAppliance: optional(text(32)), readyApplianceReason: optional(text(2000)) },
      }),
    ),
    loadPerProcessor: optional(numeric),
    networks: optional(list(shape({ name: text(64), kind: text(16) }))),
    machines: list(
      shape({
        ...{ machineId: text(64), phase: text(32), hydration: isFields },
        preparedConversion: optional(shape({ isUsed: flag, reason: optional(text(4000)) })),
      }),
    ),
  },
} as const satisfies { readonly [Role in ProgramRole]: Partial<Record<keyof ReportByRole[Role], Check>> };

export function checkEnrolmentRequest(body: unknown): EnrolmentRequest {
  return checked<EnrolmentRequest>(body, ENROLMENT, 'enrolment request');
}

export function checkRenewalRequest(body: unknown): RenewalRequest {
  return checked<RenewalRequest>(body, RENEWAL, 'renewal request');
}

export function checkReport<Role extends ProgramRole>(programRole: Role, body: unknown): ReportByRole[Role] {
  return checked<ReportByRole[Role]>(body, REPORTS[programRole], 'report');
}

export function checkPoll(body: unknown): CommandPoll {
  return checked<CommandPoll>(body, { waitMs: count }, 'poll');
}

export function checkResult(body: unknown): CommandResult {
  const result = checked<CommandResult>(body, { commandId: text(64), ok: flag }, 'command result');
  if (result.ok) return result;
  const error = { code: text(128), message: (value: unknown) => typeof value === 'string', retryable: flag };
  return checked<CommandResult>(body, { error: shape(error) }, 'command result');
}

function checked<Message>(body: unknown, checks: Readonly<Record<string, Check>>, what: string): Message {
  if (!isFields(body)) throw invalid(`the ${what} is not a JSON object`);
  const wrong = firstWrong(body, checks);
  if (wrong !== undefined) throw invalid(`${wrong} of the ${what} is missing or not valid`);
  return body as Message;
}

function firstWrong(value: Fields, checks: Readonly<Record<string, Check>>): string | undefined {
  return Object.entries(checks).find(([name, check]) => !check(value[name]))?.[0];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): OperationError {
  return new OperationError('REQUEST_INVALID', message, {
    hint: 'use a program of the same version as the control plane',
  });
}
