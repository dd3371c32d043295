/**
 * A safety trace as an instance of the kernel's tracing:
 * /sys/kernel/tracing/instances/landfall-safety-STATE-a (or -b). The name survives the process; each
 * process makes its own two, once it no longer needs those it found. Settings are made once, as for the
 * live instance (linux-tracefs.ts); after that it is only emptied (by writing `trace_clock`, which does
 * that, on a stopped instance) and switched on and off with `tracing_on`, which takes no time. Reads are
 * dropped in the kernel where it accepts such a filter.
 *
 * Writing `trace_clock` also waits until every CPU has left the tracepoints it was in (`synchronize_rcu`
 * before the buffer is reset): the promise of `begin` about events under way.
 *
 * All of it happens in Node's threads, for such waits take milliseconds.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { assert, type Clock, systemErrorCode } from '@landfall/runtime';
import { countersOf, type LinuxDisk } from '../disks/linux-disks.ts';
import { type OpenCpuStats, openCpuStats } from '../tracing/linux-cpu-buffer.ts';
import { EVENTS, eventFolder, INSTANCES } from '../tracing/linux-tracefs.ts';
import { drainInstance } from './linux-safety-drain.ts';
import type { SafetyTrace, SafetyTraceName, TraceIdentity } from './safety-trace.ts';

export interface LinuxSafetyTraceOptions {
  readonly name: SafetyTraceName;
  readonly stateName: string;
  readonly disks: readonly LinuxDisk[];
  readonly bufferKibPerCpu: number;
  readonly clock: Clock;
}

export function safetyInstanceFolder(stateName: string, name: SafetyTraceName): string {
  return `${INSTANCES}/landfall-safety-${stateName}-${name}`;
}

/** Issue and completion of a change without a command line, with the header of the record. */
const EVENT_BYTES = 76;
const RECORDING = { tracing_on: '1\n' };
const REMOVE_ATTEMPTS_MAX = 20;
const REMOVE_PAUSE_MS = 10;

interface Made {
  readonly inode: number;
  /** As text, while it records. */
  readonly settings: Readonly<Record<string, string>>;
  readonly cpus: readonly OpenCpuStats[];
}

export class LinuxSafetyTrace implements SafetyTrace {
  readonly name: SafetyTraceName;
  readonly #options: LinuxSafetyTraceOptions;
  readonly #folder: string;
  #made: Made | undefined;
  #mark = '';

  constructor(options: LinuxSafetyTraceOptions) {
    this.#options = options;
    this.name = options.name;
    this.#folder = safetyInstanceFolder(options.stateName, options.name);
  }

  async begin(mark: string): Promise<void> {
    if (this.#made === undefined || !(await this.#empty())) await this.#make();
    await this.#set('tracing_on', '1');
    await this.#set('trace_marker', mark);
    this.#mark = mark;
  }

  identity(): TraceIdentity {
    assert(this.#made !== undefined, 'a trace that was begun is asked for its identity');
    const { inode, settings, cpus } = this.#made;
    return {
      ...{ name: this.name, mark: this.#mark, inode, settings },
      committed: cpus.map((cpu) => cpu.read().committed),
      madeAtNs: String(this.#options.clock.monotonicNs()),
      sectorsWritten: sectorsWritten(this.#options.disks),
    };
  }

  usage() {
    assert(this.#made !== undefined, 'a trace that was begun is asked for its usage');
    const all = this.#made.cpus.map((cpu) => cpu.read());
    const capacity = (this.#options.bufferKibPerCpu * 1024) / EVENT_BYTES;
    return {
      share: Math.max(...all.map(({ entries }) => entries)) / capacity,
      lostEvents: all.reduce((sum, { lost, dropped }) => sum + lost + dropped, 0),
    };
  }

  async alteration(): Promise<string | undefined> {
    if (this.#made === undefined) return 'it is not there';
    return alterationOf(this.#folder, this.#made);
  }

  async drain(identity: TraceIdentity) {
    const altered = alterationOf(this.#folder, identity);
    if (altered !== undefined)
      return { kind: 'DOUBT', reason: `the safety trace was altered: ${altered}` } as const;
    const { disks, clock } = this.#options;
    return drainInstance({ folder: this.#folder, identity, disks, clock });
  }

  async stop(): Promise<void> {
    if (existsSync(this.#folder)) await this.#set('tracing_on', '0');
  }

  release(): void {
    for (const cpu of this.#made?.cpus ?? []) cpu.close();
    this.#made = undefined;
  }

  async remove(): Promise<void> {
    this.release();
    await removeInstance(this.#folder, this.#options.clock);
  }

  // Making

  async #make(): Promise<void> {
    await this.remove();
    await mkdir(this.#folder);
    const { bufferKibPerCpu, disks } = this.#options;
    await this.#set('tracing_on', '0');
    await this.#set('options/overwrite', '1');
    await this.#set('trace_clock', 'mono');
    await this.#set('buffer_size_kb', String(bufferKibPerCpu));
    const events = EVENTS.filter((event) => existsSync(eventFolder(this.#folder, event)));
    const devices = disks.map(({ kernelDevice }) => `dev == ${kernelDevice}`).join(' || ');
    for (const event of events) await this.#filter(eventFolder(this.#folder, event), devices);
    for (const event of events) await writeFile(`${eventFolder(this.#folder, event)}/enable`, '1');
    const cpus = readdirSync(`${this.#folder}/per_cpu`).map((cpu) =>
      openCpuStats(`${this.#folder}/per_cpu/${cpu}`),
    );
    const paths = [
      'tracing_on',
      'tracing_cpumask',
      'trace_clock',
      'options/overwrite',
      'buffer_size_kb',
    ].concat(events.flatMap((event) => [`events/block/${event}/filter`, `events/block/${event}/enable`]));
    const settings = Object.fromEntries(
      paths.map((path) => [path, readFileSync(`${this.#folder}/${path}`, 'utf8')]),
    );
    this.#made = { inode: statSync(this.#folder).ino, settings: { ...settings, ...RECORDING }, cpus };
    assert(await this.#empty(), 'a new trace can be emptied');
  }

  /** kernel-tracing.md, requirement 34. */
  async #filter(folder: string, devices: string): Promise<void> {
    try {
      await writeFile(`${folder}/filter`, `(${devices}) && !(rwbs ~ "R*")`);
    } catch (error) {
      if (systemErrorCode(error) !== 'EINVAL') throw error;
      await writeFile(`${folder}/filter`, devices);
    }
  }

  /** Stopped and emptied; false when it cannot be, or is not as it was made. */
  async #empty(): Promise<boolean> {
    if (this.#made === undefined || !existsSync(this.#folder)) return false;
    await this.#set('tracing_on', '0');
    if (alterationOf(this.#folder, this.#made, ['tracing_on']) !== undefined) return false;
    await this.#set('trace_clock', 'mono');
    return this.#made.cpus.every((cpu) => {
      const { committed, lost, dropped } = cpu.read();
      return committed + lost + dropped === 0;
    });
  }

  #set(path: string, value: string): Promise<void> {
    return writeFile(`${this.#folder}/${path}`, value);
  }
}

/** Errors: EBUSY when somebody keeps reading it. */
export async function removeInstance(folder: string, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (existsSync(folder)) await rmdir(folder);
      return;
    } catch (error) {
      if (systemErrorCode(error) !== 'EBUSY' || attempt === REMOVE_ATTEMPTS_MAX) throw error;
      await clock.sleep(REMOVE_PAUSE_MS);
    }
  }
}

export function sectorsWritten(disks: readonly LinuxDisk[]): (number | null)[] {
  return disks.map((disk) => countersOf(disk).sectorsWritten() ?? null);
}

/**
 * Read at once, not in threads: this is done every second, each file takes a few microseconds, and waking a
 * thread for it costs more.
 */
function alterationOf(
  folder: string,
  { inode, settings }: Pick<TraceIdentity, 'inode' | 'settings'>,
  except: readonly string[] = [],
): string | undefined {
  if (!existsSync(folder)) return 'it was removed';
  if (statSync(folder).ino !== inode) return 'it was made anew';
  for (const [path, text] of Object.entries(settings)) {
    if (except.includes(path)) continue;
    const now = readFileSync(`${folder}/${path}`, 'utf8');
    if (now !== text) return `${path} was changed to ${now.trim()}`;
  }
  return undefined;
}
