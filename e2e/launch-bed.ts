/**
 * Whole launches with a real control plane, a real launch host in a process of its own, and a real QEMU. Of
 * the rest only what takes long is not real: the appliance (`fakeGuestfish`), the guest (a boot sector), and
 * replication, for which an agent and a replication server in memory stand; the view is served by nbdkit,
 * which writes down what is read of it.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { cleanUpAfter } from '../apps/control-plane/src/testing/clean-up.ts';
import {
  simulateAgent,
  simulateReplicationServer,
} from '../apps/control-plane/src/testing/simulated-programs.ts';
import {
  startTestControlPlane,
  type TestControlPlane,
} from '../apps/control-plane/src/testing/test-control-plane.ts';
import { waitFor } from '../apps/control-plane/src/testing/wait-for.ts';
import type { Mgn } from '../packages/api/src/index.ts';
import type {
  FakeAnswer,
  FakeGuestfish,
} from '../packages/conversion/src/appliance/fake-guestfish.testing.ts';
import { fakeGuestfish } from '../packages/conversion/src/appliance/fake-guestfish.testing.ts';
import { readIfExists, systemClock } from '../packages/runtime/src/index.ts';
import { MachineView } from './machine-views.ts';

export const VIEW_BYTES = 8 * 2 ** 20;
const LAUNCH_HOST = join(import.meta.dirname, '../apps/launch-host/src/main.ts');
const STEPS = join(import.meta.dirname, 'launch-steps.ts');
const POLL_MS = 20;

/** A system that is not Linux: kept as it is, and started on compatible hardware. */
export const CONVERTS: readonly FakeAnswer[] = [
  { pattern: '^-list-disk-labels', output: 'diska: /dev/sda\n' },
  { pattern: '^-debug sh .*guestfs', output: 'lrwxrwxrwx 1 0 0 9 Nov 26 18:10 diska -> ../../sda\n' },
  { pattern: '^-pread-device "[^"]*" "2" ', output: 'e' },
  { pattern: '^-pread-device "[^"]*" "440" ', output: 'code' },
  { pattern: '^-debug sh .*lsblk', output: 'PATH="/dev/sda1" FSTYPE="ufs" UUID="1"\n' },
];

export interface LogItem {
  readonly event: string;
  readonly rawError?: string;
}

export class LaunchBed {
  readonly plane: TestControlPlane;
  readonly view: MachineView;
  readonly appliance: FakeGuestfish;
  readonly hostStateDir: string;
  readonly stepsFile: string;
  sourceServerId = '';
  /** What the replication server was told to do, in order. */
  replicationCommands: readonly string[] = [];
  readonly #folder: string;
  #host: ChildProcess | undefined;

  private constructor(folder: string, plane: TestControlPlane, view: MachineView, appliance: FakeGuestfish) {
    this.#folder = folder;
    this.plane = plane;
    this.view = view;
    this.appliance = appliance;
    this.hostStateDir = join(folder, 'host');
    this.stepsFile = join(folder, 'steps');
  }

  /** `folder`: of this bed alone, and short, because sockets lie in it. */
  static async make(t: TestContext, folder: string): Promise<LaunchBed> {
    const plane = await startTestControlPlane(t);
    await plane.api.mgn('InitializeService', {});
    const disk = { diskId: 'disk-0', sizeBytes: VIEW_BYTES, action: 'REST' } as const;
    const view = await MachineView.serve(folder, disk);
    cleanUpAfter(t, () => view.end());
    const bed = new LaunchBed(folder, plane, view, await fakeGuestfish(t, CONVERTS));
    await mkdir(bed.hostStateDir);
    await writeFile(join(folder, 'token'), await plane.token('launch-host'));
    // Before the control plane, which would wait for its last call.
    cleanUpAfter(t, () => bed.killHost());
    await bed.#replicate(t);
    return bed;
  }

  /** A server that has a recovery point, whose view every export shows. */
  async #replicate(t: TestContext): Promise<void> {
    const { api } = this.plane;
    const replication = await simulateReplicationServer(t, await this.plane.token('replication-server'));
    const { diskId, sizeBytes, nbdUri } = this.view;
    const disk = { diskId, deviceName: '/dev/sda', sizeBytes, isBootDisk: true, nbdUri };
    replication.exportedDisks = () => [disk];
    this.replicationCommands = replication.done;
    await this.startHost();
    const { token } = await api.landfall('CreateEnrolmentToken', {});
    const agent = await simulateAgent(t, token);
    this.sourceServerId = agent.sourceServerId;
    replication.replicas.set(agent.sourceServerId, agent.replica);
    agent.synced = true;
    const sourceServerID = agent.sourceServerId;
    const preflight = async () => (await api.landfall('DescribePreflight', { sourceServerID })).preflight;
    await waitFor('the first preflight', preflight, (found) => found?.state === 'COMPLETE');
  }

  /** Until the control plane hears of it. */
  async startHost(variables: Readonly<Record<string, string>> = {}): Promise<void> {
    const log = await open(join(this.#folder, 'host.log'), 'a');
    const state = ['--state-dir', this.hostStateDir, '--token-file', join(this.#folder, 'token')];
    const options = [...state, '--no-ready-appliance'];
    const node = ['--disable-warning=ExperimentalWarning', '--import', STEPS, LAUNCH_HOST];
    const env = { ...process.env, LANDFALL_TEST_STEPS: this.stepsFile, ...variables };
    const child = spawn(process.execPath, [...node, ...options], {
      stdio: ['ignore', log.fd, log.fd],
      env,
    });
    this.#host = child;
    await once(child, 'spawn');
    await log.close();
    const startedAtMs = systemClock.nowMs();
    const seen = async () => (await this.plane.api.landfall('DescribeService', {})).launchHosts[0];
    await waitFor('the launch host', seen, (host) => Date.parse(host?.lastSeenDateTime ?? '') > startedAtMs);
  }

  async killHost(): Promise<void> {
    const child = this.#host;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  /** Until it is dead by its own hand. */
  async hostIsKilled(): Promise<void> {
    const child = this.#host;
    assert.ok(child !== undefined);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    assert.equal(child.signalCode, 'SIGKILL', await this.hostLog());
  }

  async hostLog(): Promise<string> {
    return (await readFile(join(this.#folder, 'host.log'), 'utf8')).slice(-4000);
  }

  async launch(): Promise<string> {
    const { job } = await this.plane.api.mgn('StartTest', { sourceServerIDs: [this.sourceServerId] });
    return job?.jobID ?? '';
  }

  async untilJobEnds(jobID: string): Promise<Mgn.ParticipatingServer> {
    const ask = async () =>
      (await this.plane.api.mgn('DescribeJobs', { filters: { jobIDs: [jobID] } })).items?.[0];
    const job = await waitFor(`the end of ${jobID}`, ask, (seen) => seen?.status === 'COMPLETED');
    const [server] = job?.participatingServers ?? [];
    assert.ok(server !== undefined);
    return server;
  }

  async logOf(jobID: string): Promise<readonly LogItem[]> {
    const { items = [] } = await this.plane.api.mgn('DescribeJobLogItems', { jobID });
    return items.map(({ event, eventData }) => {
      const rawError = eventData?.rawError;
      return { event: event ?? '', ...(rawError === undefined ? {} : { rawError }) };
    });
  }

  /** Gives back what was launched, and waits until it is gone. */
  async terminate(): Promise<void> {
    const { api } = this.plane;
    const { sourceServerId: sourceServerID } = this;
    await api.mgn('ChangeServerLifeCycleState', { sourceServerID, lifeCycle: { state: 'READY_FOR_TEST' } });
    const { job } = await api.mgn('TerminateTargetInstances', { sourceServerIDs: [sourceServerID] });
    const { launchStatus } = await this.untilJobEnds(job?.jobID ?? '');
    assert.equal(launchStatus, 'TERMINATED');
  }

  machineFolders(): Promise<string[]> {
    return readdir(join(this.hostStateDir, 'machines'));
  }

  /** SHA-256 of what the view shows. */
  async replicaHash(): Promise<string> {
    return createHash('sha256')
      .update(await readFile(this.view.imagePath))
      .digest('hex');
  }

  async steps(): Promise<string[]> {
    return ((await readIfExists(this.stepsFile)) ?? '').split('\n').filter((line) => line !== '');
  }

  /** The guest of the machine that runs says `B`, and `.` once it has read its whole disk. */
  async untilGuestSays(what: 'B' | '.'): Promise<void> {
    for (;;) {
      const [machineId = ''] = await this.machineFolders();
      const path = join(this.hostStateDir, 'machines', machineId, 'console.log');
      if (((await readIfExists(path)) ?? '').includes(what)) return;
      await systemClock.sleep(POLL_MS);
    }
  }
}

/** Command lines of QEMU and of appliances, of whatever machine: in these namespaces there are no others. */
export async function machineProcesses(): Promise<string[]> {
  const lines: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = ((await readIfExists(`/proc/${pid}/cmdline`)) ?? '').replaceAll('\0', ' ');
    if (/^qemu-system|guestfish/.test(line)) lines.push(line);
  }
  return lines;
}
