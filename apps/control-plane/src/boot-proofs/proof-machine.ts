/** The machine of a proof of boot: what it is, and what its state says of the server. Pure. */
import type {
  LaunchHostReport,
  MachineDisk,
  MachineSpecification,
  MachineStatus,
  PostLaunchScript,
  SignOfLife,
} from '@landfall/channel';
import { assert } from '@landfall/runtime';
import { bootModeFor } from '../launch/boot-mode.ts';
import type { LaunchTemplateData } from '../launch/launch-template.ts';
import { networkOf } from '../launch/machine-network.ts';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { MachineSizes } from '../sizes/machine-sizes.ts';
import { fitToHost, rightSize } from '../sizes/right-sizing.ts';
import type { BootAttempt, BootError, BootProofRecord, BootVerdict } from '../store/boot-proofs.ts';
import { BOOT_PROOF_SCHEDULE_DEFAULT, portsOf } from './boot-proof-schedule.ts';
import { keptNameOf } from './verified-points.ts';

/** Of a machine: what they say of the server would be true of every launch of it. */
const CODES_OF_THE_GUEST: readonly string[] = [
  'CONVERSION_IMPOSSIBLE',
  'FIRMWARE_MISSING',
  'GUEST_PANICKED',
  'INITRAMFS_UNREADABLE',
  'TOO_MANY_DISKS',
];

export interface ProofSite {
  readonly disks: readonly MachineDisk[];
  readonly host: LaunchHostReport | undefined;
  readonly sizes: MachineSizes;
  /** By which it may be known to live. */
  readonly scripts: readonly PostLaunchScript[];
  /** Of launches to come, some may run scripts. */
  readonly preparesForScripts: boolean;
  /** Of the next launch. */
  readonly template: Pick<LaunchTemplateData, 'conversionMethod' | 'addresses'>;
}

/**
 * As a launch would make it, with all that its conversion depends on, so that a launch can begin with this
 * one's; but never anything else than isolated, and always started.
 */
export function specifyProofMachine(
  server: SourceServerRecord,
  { signsOfLife }: BootProofRecord,
  { machineId, recoveryPoint }: BootAttempt,
  { disks, host, sizes, scripts, preparesForScripts, template }: ProofSite,
): MachineSpecification {
  const { sourceServerId, sourceProperties, tags } = server;
  const { size } = fitToHost(sizes, rightSize(sizes, sourceProperties), host);
  const name = keptNameOf(sourceServerId, recoveryPoint);
  const { epoch, cutTimeMs } = recoveryPoint;
  const { conversionMethod } = template;
  // A launch host that does not tell what it can is of a release that reaches no proof at such an address.
  const addresses = host?.capabilities && networkOf(server, template).network?.addresses;
  return {
    machineId,
    name: tags.Name ?? sourceProperties.identificationHints.hostname,
    purpose: 'PROOF',
    disks,
    ...{ cpuCount: size.cpuCount, memoryBytes: size.memoryBytes, bootMode: bootModeFor(server) },
    ...{ disposition: 'STARTED', publishedPorts: portsOf(signsOfLife), signsOfLife },
    ...{ preparedConversion: name, keepConversionAs: name },
    ...(scripts.length === 0 ? {} : { postLaunchScripts: scripts }),
    ...(preparesForScripts ? { preparesForScripts } : {}),
    ...(conversionMethod === undefined ? {} : { conversionMethod }),
    ...(addresses === undefined ? {} : { network: { addresses } }),
    recoveryPoint: { sourceServerId, epoch, cutTimeMs },
  };
}

/** `UNDECIDED`: it is on its way. `FAULT`: it says nothing of the server; another attempt may. */
export type Judgement =
  | { readonly kind: 'UNDECIDED' }
  | { readonly kind: 'FAULT'; readonly error: BootError }
  | { readonly kind: 'LIVES'; readonly life: NonNullable<BootVerdict['life']> }
  | { readonly kind: 'DOES_NOT_BOOT'; readonly error: BootError };

/**
 * What a machine that was starved does says nothing of the server either: where its host was overloaded, a
 * panic or silence is believed the second time only.
 */
export function judge(status: MachineStatus, circumstances: Circumstances): Judgement {
  const judged = judgeAlone(status, circumstances);
  const { loadPerProcessor, isAgain } = circumstances;
  if (judged.kind !== 'DOES_NOT_BOOT' || isAgain || loadPerProcessor < OVERLOADED) return judged;
  const { code, message } = judged.error;
  if (code !== 'GUEST_PANICKED' && status.phase !== 'RUNNING') return judged;
  const why = `the launch host was overloaded (load ${loadPerProcessor.toFixed(1)} for each processor)`;
  const hint = 'it is tried once more';
  return { kind: 'FAULT', error: { code, message: `${message}, and ${why}`, hint } };
}

function judgeAlone(status: MachineStatus, circumstances: Circumstances): Judgement {
  const { silentMs, lifeTimeoutSeconds } = circumstances;
  const { phase, error, life } = status;
  if (life !== undefined) return { kind: 'LIVES', life: { sign: life.sign, detail: life.detail } };
  if (phase === 'FAILED' && error !== undefined) {
    return { kind: CODES_OF_THE_GUEST.includes(error.code) ? 'DOES_NOT_BOOT' : 'FAULT', error };
  }
  if (phase === 'FAILED' || phase === 'TERMINATED') return { kind: 'FAULT', error: ended(phase) };
  if (phase === 'STOPPED') return { kind: 'DOES_NOT_BOOT', error: poweredOff() };
  if (phase !== 'RUNNING' || silentMs < lifeTimeoutSeconds * 1000) return { kind: 'UNDECIDED' };
  assert(life === undefined, 'a machine that lives was judged above');
  return error === undefined
    ? { kind: 'DOES_NOT_BOOT', error: silent(circumstances, status) }
    : { kind: 'FAULT', error };
}

export interface Circumstances {
  /** Since the machine was first seen to run. */
  readonly silentMs: number;
  readonly lifeTimeoutSeconds: number;
  readonly signsOfLife: readonly SignOfLife[];
  /** Of the launch host, as it told last. */
  readonly loadPerProcessor: number;
  /** An attempt before this one came to no verdict. */
  readonly isAgain: boolean;
}

/** What a server waits for that nobody has chosen signs for: they fit most guests, not all. */
const DEFAULT_SIGNS = JSON.stringify(BOOT_PROOF_SCHEDULE_DEFAULT.signsOfLife);
const LOOK = 'look at its console and screenshot with `landfall boot-proof show`';
const CHOOSE_SIGNS =
  'if it is up there, the default signs (login on ttyS0, TCP 22) do not fit it: choose its own with ' +
  '`landfall boot-proof schedule SERVER --signs LIST`';

/** A machine alone on its host makes about one; where it is two, others get as much as it does. */
const OVERLOADED = 2;
const SAID_CHARACTERS_MAX = 300;

function silent(
  { lifeTimeoutSeconds, signsOfLife }: Circumstances,
  { postLaunch = [] }: MachineStatus,
): BootError {
  const failed = postLaunch.filter(({ state }) => ['FAILED', 'TIMED_OUT', 'NOT_RUN'].includes(state));
  const said = failed.map(
    ({ state, output }) => `; its script: ${state}, ${output.slice(-SAID_CHARACTERS_MAX)}`,
  );
  return {
    code: 'BOOT_PROOF_FAILED',
    message: `the machine showed no sign of life within ${lifeTimeoutSeconds} s${said.join('')}`,
    hint: JSON.stringify(signsOfLife) === DEFAULT_SIGNS ? `${LOOK}; ${CHOOSE_SIGNS}` : LOOK,
  };
}

function poweredOff(): BootError {
  return {
    code: 'BOOT_PROOF_FAILED',
    message: 'the machine powered itself off before it showed a sign of life',
    hint: LOOK,
  };
}

function ended(phase: string): BootError {
  return { code: 'LAUNCH_FAILED', message: `the machine is ${phase}` };
}
