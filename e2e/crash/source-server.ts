/** The source server of one round: its disks, and its agent as a process that is killed and started again. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, systemClock } from '../../packages/runtime/src/index.ts';
import { removeTraceInstancesOf } from '../trace-instances.ts';
import { AGENT, type CrashSite } from './crash-site.ts';
import { createLoopDisk, type LoopDisk } from './loop-disk.ts';
import { OwnProcess } from './own-process.ts';
import { runToolChecked } from './patient-tool.ts';

const POLL_MS = 100;

export class SourceServer {
  readonly #folder: string;
  readonly agent: OwnProcess;
  disks: readonly LoopDisk[] = [];
  sourceServerId = '';

  constructor(folder: string) {
    this.#folder = folder;
    const argv = [process.execPath, AGENT, 'run', '--state-dir', join(folder, 'agent')];
    this.agent = new OwnProcess({ argv, logFile: join(folder, 'agent.log') });
  }

  async attachDisks(sizesMib: readonly number[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const [index, sizeMib] of sizesMib.entries()) {
      const disk = await createLoopDisk(join(this.#folder, `source-${index}.raw`), sizeMib);
      this.disks = [...this.disks, disk];
    }
  }

  get devices(): readonly string[] {
    return this.disks.map(({ device }) => device);
  }

  /** `landfall-agent install` as on any server, only without systemd. */
  async install(site: CrashSite, skipFreeSpace: boolean): Promise<void> {
    const token = await site.createToken();
    const how = ['--no-prompt', '--no-service', '--devices', this.devices.join(',')];
    const all = skipFreeSpace ? [] : ['--no-skip-free-space'];
    const argv = ['install', '--token', token, ...how, ...all, '--state-dir', join(this.#folder, 'agent')];
    await runToolChecked([process.execPath, AGENT, ...argv]);
    const tagged = await site.api.mgn('DescribeSourceServers', { filters: { isArchived: false } });
    const known = (tagged.items ?? []).filter(({ lifeCycle }) => lifeCycle?.state !== 'DISCONNECTED');
    const [server] = known;
    if (server?.sourceServerID === undefined || known.length !== 1) {
      throw new Error(`after the install there are ${known.length} source servers`);
    }
    this.sourceServerId = server.sourceServerID;
  }

  async waitForFirstPoint(site: CrashSite, assertGoesOn: () => void): Promise<void> {
    while ((await this.#countPoints(site)) === 0) {
      assertGoesOn();
      await systemClock.sleep(POLL_MS);
    }
  }

  /** A moment after its install the replication server has not heard of it from the control plane. */
  async #countPoints(site: CrashSite): Promise<number> {
    try {
      const input = { sourceServerId: this.sourceServerId, limit: 1 };
      return (await site.askReplicationServer('listRecoveryPoints', input)).total;
    } catch (error) {
      if (error instanceof OperationError && error.code === 'SERVER_NOT_STAGED') return 0;
      throw error;
    }
  }

  /** After the agent has ended: its trace instances would outlive it. */
  async detach(): Promise<void> {
    await removeTraceInstancesOf(this.#folder);
    for (const disk of this.disks) disk.detach();
    this.disks = [];
  }
}
