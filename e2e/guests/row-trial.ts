/**
 * One row from its built disks to its verdict: on the hardware it was installed on, on virtio as it is (where
 * the row asks for these), then as the product does it: read-only views, the launch host's conversion on
 * overlays, and the launched machine's own account of itself. The disks are hashed before and after.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LaunchHost } from '../../apps/launch-host/src/launch-host.ts';
import type { MachineSpecification, MachineStatus } from '../../packages/channel/src/index.ts';
import { type Accelerator, GUEST_ADDRESS } from '../../packages/launch/src/index.ts';
import { ensureFolder, MIB, OperationError, systemClock } from '../../packages/runtime/src/index.ts';
import { BareMachine, CPU_COUNT, MEMORY_MIB } from './bare-machine.ts';
import type { BuiltGuest } from './guest-disks.ts';
import { findFaults, parseFacts } from './guest-facts.ts';
import { SOURCE_ADDRESS, SOURCE_GATEWAY, SOURCE_PREFIX } from './guest-network.ts';
import { FACTS_PATH } from './guest-recipe.ts';
import { deviceNameOf, type GuestRow } from './guest-row.ts';
import { fetchText, type WebAddress, waitForLife } from './http-sign-of-life.ts';
import type { RowResult } from './row-result.ts';
import type { Hardware } from './source-hardware.ts';
import { ViewServer } from './view-server.ts';

export interface TrialGround {
  /** Of this run; short, because sockets lie in it. */
  readonly folder: string;
  readonly host: LaunchHost;
  readonly accelerator: Accelerator;
  readonly wish: LaunchWish;
  readonly say: (line: string) => void;
}

/** What is asked for of every launch; nothing, as a launch has it by itself. */
export type LaunchWish = Pick<MachineSpecification, 'hardware' | 'conversionMethod'>;

export type TrialFindings = Omit<
  RowResult,
  'name' | 'system' | 'sourceHardware' | 'special' | 'outcome' | 'buildMs'
>;

const BOOT_TIMEOUT_MS = 15 * 60_000;
const FACTS_ATTEMPTS_MAX = 20;
/** Its script asks systemd, which answers late while it still starts units, and waits for cloud-init. */
const FACTS_TIMEOUT_MS = 150_000;
const FACTS_PAUSE_MS = 1000;
const CONVERSION_POLL_MS = 100;
const PUBLISHED_POLL_MS = 250;
/** Of the isolated network that the libvirt host makes. */
const LIBVIRT_PREFIX = 24;
const CONSOLE_TAIL_BYTES = 3000;
/** What initramfs-tools and the kernel say when root does not come. */
const NO_ROOT = /(Gave up waiting for [^\n\r]*|VFS: Unable to mount root[^\n\r]*|Kernel panic[^\n\r]*)/;

export async function tryRow(ground: TrialGround, row: GuestRow, guest: BuiltGuest): Promise<TrialFindings> {
  const sourceSha256 = await hashAll(guest);
  const proofs = {
    ...(row.provesSource === true ? { sourceBootMs: await bootSource(ground, row, guest) } : {}),
    ...(row.provesNeed === true ? { withoutConversion: await failOnVirtio(ground, row, guest) } : {}),
  };
  const launched = await launchRow(ground, row, guest);
  const after = await hashAll(guest);
  const isUntouched = after.every((hash, index) => hash === sourceSha256[index]);
  const reasons = [...launched.reasons, ...(isUntouched ? [] : ["the source's disks were written to"])];
  return { ...proofs, ...launched, reasons, sourceSha256 };
}

async function hashAll({ disks }: BuiltGuest): Promise<string[]> {
  const hashes: string[] = [];
  for (const { path } of disks) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { highWaterMark: MIB })) hash.update(chunk);
    hashes.push(hash.digest('hex'));
  }
  return hashes;
}

async function bootSource(ground: TrialGround, row: GuestRow, guest: BuiltGuest): Promise<number> {
  ground.say(`${row.name}: starting it on its own hardware (${row.controller}, e1000)`);
  const guestAddress = row.hasStaticAddress ? SOURCE_ADDRESS : GUEST_ADDRESS;
  return await withBare(ground, row, { guest, hardware: row.controller, guestAddress }, async (machine) => {
    const life = await waitForLife({ port: machine.port, timeoutMs: BOOT_TIMEOUT_MS });
    if (life.kind === 'ANSWERED') return life.afterMs;
    throw notBooted(`on its own hardware: ${life.why}`, await machine.console());
  });
}

/** Passes only with the guest's own word that it found no root. */
async function failOnVirtio(ground: TrialGround, row: GuestRow, guest: BuiltGuest): Promise<string> {
  ground.say(`${row.name}: starting it on virtio without a conversion, which must fail`);
  const where = { guest, hardware: 'VIRTIO', guestAddress: GUEST_ADDRESS } as const;
  return await withBare(ground, row, where, async (machine) => {
    const givesUp = async () => NO_ROOT.exec(await machine.console())?.[1];
    const life = await waitForLife({ port: machine.port, timeoutMs: BOOT_TIMEOUT_MS, givesUp });
    if (life.kind === 'GAVE_UP' && NO_ROOT.test(life.why)) return life.why;
    const why = life.kind === 'ANSWERED' ? 'it started on virtio without a conversion' : life.why;
    throw notBooted(why, await machine.console());
  });
}

interface BareTrial {
  readonly guest: BuiltGuest;
  readonly hardware: Hardware;
  readonly guestAddress: string;
}

async function withBare<Result>(
  { folder, accelerator }: TrialGround,
  row: GuestRow,
  { guest, hardware, guestAddress }: BareTrial,
  use: (machine: BareMachine) => Promise<Result>,
): Promise<Result> {
  const own = join(folder, 'bare');
  await rm(own, { recursive: true, force: true });
  const disks = guest.disks.map(({ path }) => ({ path, format: 'raw' as const }));
  const { firmware } = row;
  const machine = await BareMachine.start({
    folder: own,
    hardware,
    firmware,
    accelerator,
    guestAddress,
    disks,
  });
  try {
    return await use(machine);
  } finally {
    await machine.stop();
  }
}

const KEPT = { address: `${SOURCE_ADDRESS}/${SOURCE_PREFIX}`, gateway: SOURCE_GATEWAY };

type Launched = Pick<RowResult, 'conversionMs' | 'bootMs' | 'conversion' | 'reasons'>;

async function launchRow(ground: TrialGround, row: GuestRow, guest: BuiltGuest): Promise<Launched> {
  ground.say(`${row.name}: launching it`);
  const views: ViewServer[] = [];
  const own = join(ground.folder, 'views');
  await ensureFolder(own);
  const { handlers } = ground.host;
  const machineId = machineIdOf(row);
  try {
    for (const [index, { path }] of guest.disks.entries())
      views.push(await ViewServer.start(own, `disk-${index}`, path));
    const specification = { ...specify(row, guest, views), ...ground.wish };
    const startedNs = systemClock.monotonicNs();
    await handlers.ensureMachine(specification);
    const running = await untilRunning(ground, machineId);
    const conversionMs = Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
    return { conversionMs, conversion: running.conversion, ...(await judge(ground, row, running)) };
  } finally {
    await handlers.terminateMachine({ machineId });
    for (const view of views) await view.stop();
  }
}

async function untilRunning({ host, say }: TrialGround, machineId: string): Promise<MachineStatus> {
  let shown = 0;
  for (;;) {
    const status = await host.handlers.describeMachine({ machineId });
    for (const { step, detail, durationMs } of status.conversion.slice(shown))
      say(`  ${step} (${durationMs} ms): ${detail.replaceAll('\n', '; ')}`);
    shown = Math.max(shown, status.conversion.length);
    if (status.phase === 'RUNNING') return status;
    if (status.phase === 'FAILED') {
      const { code, message } = status.error ?? { code: 'GUEST_NOT_BOOTED', message: 'no reason was given' };
      throw new OperationError('GUEST_NOT_BOOTED', `${code}: ${message}`);
    }
    await systemClock.sleep(CONVERSION_POLL_MS);
  }
}

/** A guest that has just begun to answer is still busy starting: its script may take its time. */
async function askForFacts(at: WebAddress): Promise<string | undefined> {
  for (let attempts = 0; attempts < FACTS_ATTEMPTS_MAX; attempts += 1) {
    const facts = await fetchText(at, FACTS_PATH, FACTS_TIMEOUT_MS);
    if (facts !== undefined) return facts;
    await systemClock.sleep(FACTS_PAUSE_MS);
  }
  return undefined;
}

async function judge(
  ground: TrialGround,
  row: GuestRow,
  { machineId }: MachineStatus,
): Promise<Pick<Launched, 'bootMs' | 'reasons'>> {
  const { handlers } = ground.host;
  const startedNs = systemClock.monotonicNs();
  const at = await untilPublished(ground, machineId);
  const givesUp = async () => {
    const { phase, error } = await handlers.describeMachine({ machineId });
    return phase === 'RUNNING' ? undefined : `the machine is ${phase}: ${error?.message ?? ''}`;
  };
  const life = at && (await waitForLife({ ...at, timeoutMs: BOOT_TIMEOUT_MS, givesUp }));
  const bootMs = Number((systemClock.monotonicNs() - startedNs) / 1_000_000n);
  const facts = at !== undefined && life?.kind === 'ANSWERED' ? await askForFacts(at) : undefined;
  if (facts !== undefined) {
    const { hardware } = ground.wish;
    const leasedAddress = at?.host === undefined ? undefined : `${at.host}/${LIBVIRT_PREFIX}`;
    return { bootMs, reasons: findFaults(row, parseFacts(facts), { hardware, leasedAddress }) };
  }
  const { text } = await handlers.readConsole({ machineId, tailBytes: CONSOLE_TAIL_BYTES });
  const silent = at === undefined ? 'it has not asked for an address' : 'it does not tell what it is';
  throw notBooted(life?.kind === 'GAVE_UP' ? life.why : silent, text);
}

/** Where the network leases the address, once it has. `undefined`: never. */
async function untilPublished({ host }: TrialGround, machineId: string): Promise<WebAddress | undefined> {
  for (let waitedMs = 0; waitedMs < BOOT_TIMEOUT_MS; waitedMs += PUBLISHED_POLL_MS) {
    const { published, phase } = await host.handlers.describeMachine({ machineId });
    const found = published.find(({ guestPort }) => guestPort === 80);
    if (found !== undefined && found.host !== '127.0.0.1') return { host: found.host, port: found.port };
    if (found !== undefined) return { port: found.port };
    if (phase !== 'RUNNING') return undefined;
    await systemClock.sleep(PUBLISHED_POLL_MS);
  }
  return undefined;
}

function specify(row: GuestRow, guest: BuiltGuest, views: readonly ViewServer[]): MachineSpecification {
  return {
    machineId: machineIdOf(row),
    name: row.name,
    purpose: 'TEST',
    disks: guest.disks.map(({ sizeBytes }, index) => ({
      ...{ diskId: `disk-${index}`, deviceName: deviceNameOf(row, index), sizeBytes },
      ...{ isBootDisk: index === 0, nbdUri: views[index]?.uri ?? '' },
    })),
    ...{ cpuCount: CPU_COUNT, memoryBytes: MEMORY_MIB * MIB, bootMode: 'USE_SOURCE' },
    ...{ disposition: 'STARTED', publishedPorts: [80] },
    ...(row.keepsAddress === true ? { network: { addresses: [KEPT] } } : {}),
  };
}

function machineIdOf({ name }: GuestRow): string {
  return `i-${createHash('sha256').update(name).digest('hex').slice(0, 17)}`;
}

function notBooted(why: string, consoleText: string): OperationError {
  const tail = consoleText.slice(-CONSOLE_TAIL_BYTES).trim();
  return new OperationError('GUEST_NOT_BOOTED', why, { context: { console: tail } });
}
