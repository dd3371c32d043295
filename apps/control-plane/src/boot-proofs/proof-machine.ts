/** The machine of a proof of boot: what it is, and what its state says of the server. Pure. */
import type { LaunchHostReport, MachineDisk, MachineSpecification, MachineStatus } from '@landfall/channel';
import { assert } from '@landfall/runtime';
import type { SourceServerRecord } from '../lifecycle/source-server.ts';
import type { MachineSizes } from '../sizes/machine-sizes.ts';
import { fitToHost, rightSize } from '../sizes/right-sizing.ts';
import type { BootAttempt, BootError, BootProofRecord, BootVerdict } from '../store/boot-proofs.ts';
import { portsOf } from './boot-proof-schedule.ts';
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
}

/** As a launch would make it, but that it is never anything else than isolated, and always started. */
export function specifyProofMachine(
  server: SourceServerRecord,
  { signsOfLife }: BootProofRecord,
  { machineId, recoveryPoint }: BootAttempt,
  { disks, host, sizes }: ProofSite,
): MachineSpecification {
  const { sourceServerId, launchConfiguration, sourceProperties, tags } = server;
  const { size } = fitToHost(sizes, rightSize(sizes, sourceProperties), host);
  const name = keptNameOf(sourceServerId, recoveryPoint);
  const { epoch, cutTimeMs } = recoveryPoint;
  return {
    machineId,
    name: tags.Name ?? sourceProperties.identificationHints.hostname,
    purpose: 'PROOF',
    disks,
    ...{ cpuCount: size.cpuCount, memoryBytes: size.memoryBytes, bootMode: launchConfiguration.bootMode },
    ...{ disposition: 'STARTED', publishedPorts: portsOf(signsOfLife), signsOfLife },
    ...{ preparedConversion: name, keepConversionAs: name },
    recoveryPoint: { sourceServerId, epoch, cutTimeMs },
  };
}

/** `UNDECIDED`: it is on its way. `FAULT`: it says nothing of the server; another attempt may. */
export type Judgement =
  | { readonly kind: 'UNDECIDED' }
  | { readonly kind: 'FAULT'; readonly error: BootError }
  | { readonly kind: 'LIVES'; readonly life: NonNullable<BootVerdict['life']> }
  | { readonly kind: 'DOES_NOT_BOOT'; readonly error: BootError };

export function judge(status: MachineStatus, { silentMs, lifeTimeoutSeconds }: Silence): Judgement {
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
    ? { kind: 'DOES_NOT_BOOT', error: silent(lifeTimeoutSeconds) }
    : { kind: 'FAULT', error };
}

interface Silence {
  /** Since the machine was first seen to run. */
  readonly silentMs: number;
  readonly lifeTimeoutSeconds: number;
}

function silent(seconds: number): BootError {
  return {
    code: 'BOOT_PROOF_FAILED',
    message: `the machine showed no sign of life within ${seconds} s`,
    hint: 'look at its console and screenshot with `landfall boot-proof show`',
  };
}

function poweredOff(): BootError {
  return {
    code: 'BOOT_PROOF_FAILED',
    message: 'the machine powered itself off before it showed a sign of life',
    hint: 'look at its console and screenshot with `landfall boot-proof show`',
  };
}

function ended(phase: string): BootError {
  return { code: 'LAUNCH_FAILED', message: `the machine is ${phase}` };
}
