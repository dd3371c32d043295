/**
 * An appliance that is started before there is anything to convert, and stands still until there is: its
 * start is most of a conversion's time.
 *
 * It starts with as many empty disks as it may be given later, so that its own comes after them, and loses
 * them at once. The disks of a guest are put into their places by QEMU's monitor, one after the other: each
 * gets the first name that is free. What looks for arrays and volume groups when an appliance starts looks
 * again then.
 *
 * A1 Until it is taken it has no disk of any guest, and its processors stand still.
 * A2 One that cannot be had is only missed; one that fails with disks of a guest is never used.
 */
import { rm } from 'node:fs/promises';
import { type Clock, type Logger, MIB, OperationError, systemClock } from '@landfall/runtime';
import { applianceDevice, applianceLabel, findMisnamedDisks } from './appliance-disks.ts';
import { GuestfsSession, type SessionLimits } from './guestfs-session.ts';

/** QEMU's machine protocol. */
export interface ApplianceMonitor {
  execute(command: string, parameters?: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export interface ReadyApplianceOptions {
  /** Where its monitor is to listen; a file there is replaced. */
  readonly socketPath: string;
  readonly withMonitor: (
    socketPath: string,
    use: (monitor: ApplianceMonitor) => Promise<void>,
  ) => Promise<void>;
  readonly useKvm: boolean;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface AttachedDisk {
  /** qcow2 file that is changed; its backing is only read. */
  readonly overlayPath: string;
}

/** Guests with more disks have an appliance started for them. */
export const READY_DISKS_MAX = 8;
const EMPTY_DISK_BYTES = MIB;
const START_TIMEOUT_MS = 10 * 60_000;
const DISK_TIMEOUT_MS = 60_000;
const PLACING_ATTEMPTS_MAX = 5;
const POLL_MS = 50;

/** What is on the disks by now: volume groups may lie on arrays. */
const LIST_TYPES = 'lsblk -n -o FSTYPE,PARTTYPE > /tmp/types';
/** Of a partition of a Windows dynamic disk: in an MBR, and two in a GPT. */
const DYNAMIC_DISK_TYPES = ['0x42', '5808c8aa', 'af9b60a0'];

/** As libguestfs's own start does it, each tool only where it has something to do. Quotes do not survive. */
const FIND_VOLUMES = [
  'udevadm settle',
  // Disks may be far away.
  'for f in /sys/block/sd*/device/timeout; do echo 300 > $f; done',
  LIST_TYPES,
  'if grep -q linux_raid_member /tmp/types',
  // First those that are whole.
  'then mdadm -As --auto=yes --no-degraded; mdadm -As --auto=yes --run',
  `udevadm settle; ${LIST_TYPES}`,
  'fi',
  'if grep -q LVM2_member /tmp/types; then lvm pvscan --cache --activate ay; udevadm settle; fi',
  `if grep -q ${DYNAMIC_DISK_TYPES.map((type) => `-e ${type}`).join(' ')} /tmp/types`,
  'then ldmtool create all; udevadm settle',
  'fi',
];

export class ReadyAppliance {
  readonly #options: ReadyApplianceOptions;
  readonly #clock: Clock;
  readonly #session: GuestfsSession;
  readonly #started: Promise<boolean>;
  #isTaken = false;

  private constructor(options: ReadyApplianceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { useKvm, logger } = options;
    this.#session = new GuestfsSession({ useKvm, logger, clock: this.#clock, timeoutMs: START_TIMEOUT_MS });
    this.#started = this.#start();
  }

  /** Goes on starting when this returns. */
  static start(options: ReadyApplianceOptions): ReadyAppliance {
    return new ReadyAppliance(options);
  }

  /** Whether it stands ready, once that is known. */
  get isReady(): Promise<boolean> {
    return this.#started.then((isStarted) => isStarted && !this.#session.hasFailed);
  }

  /**
   * The session of the appliance, with these disks, which the caller ends; `undefined`: it cannot be had, and
   * the disks were not touched. Errors: APPLIANCE_FAILED.
   */
  async take(disks: readonly AttachedDisk[], limits: SessionLimits): Promise<GuestfsSession | undefined> {
    if (disks.length > READY_DISKS_MAX) return void (await this.close());
    this.#isTaken = true;
    this.#session.limit(limits);
    if (!(await this.isReady) || !(await this.#goOn())) return void (await this.close());
    try {
      await this.#ask((monitor) => this.#attach(monitor, disks));
      const setClock = `date -s @${Math.floor(this.#clock.nowMs() / 1000)}`;
      await this.#session.attempt('debug', 'sh', [setClock, ...FIND_VOLUMES].join('; '));
      return this.#session;
    } catch (cause) {
      await this.close();
      throw limits.signal?.aborted === true ? cause : attachFailed(cause);
    }
  }

  /** Ends it. */
  async close(): Promise<void> {
    await this.#session.abort();
    await rm(this.#options.socketPath, { force: true });
  }

  async #start(): Promise<boolean> {
    const { logger, socketPath } = this.#options;
    const startedNs = this.#clock.monotonicNs();
    try {
      await rm(socketPath, { force: true });
      await this.#session.must('set-pgroup', 'false');
      const monitor = `unix:${socketPath.replaceAll(',', ',,')},server=on,wait=off`;
      await this.#session.must('config', '-qmp', monitor);
      for (let index = 0; index < READY_DISKS_MAX; index += 1) {
        const label = `label:${applianceLabel(index)}`;
        await this.#session.must('add-drive-scratch', String(EMPTY_DISK_BYTES), label);
      }
      await this.#session.must('run');
      await this.#ask((connected) => this.#loseEmptyDisks(connected));
      // It may stand for days; who took it while it started has set a limit.
      if (!this.#isTaken) this.#session.unlimit();
      const durationMs = Number((this.#clock.monotonicNs() - startedNs) / 1_000_000n);
      logger.info('appliance-ready', { durationMs });
      return true;
    } catch (error) {
      logger.warn('appliance-not-ready', { error });
      return false;
    }
  }

  async #loseEmptyDisks(monitor: ApplianceMonitor): Promise<void> {
    const drives = (await monitor.execute('query-block')) as readonly Drive[];
    for (const { device, qdev } of drives) {
      if (/^hd\d+$/.test(device) && qdev !== undefined) await monitor.execute('device_del', { id: qdev });
    }
    await this.#awaitLabels((listed) => listed.trim() === '');
    // The kernel gives a name away again once nobody looks at its disk any more.
    await this.#session.attempt('debug', 'sh', 'udevadm settle');
    await monitor.execute('stop');
  }

  /** False when its QEMU is not there any more. */
  async #goOn(): Promise<boolean> {
    try {
      await this.#ask(async (monitor) => void (await monitor.execute('cont')));
      return true;
    } catch (error) {
      this.#options.logger.warn('appliance-not-ready', { error });
      return false;
    }
  }

  #ask(use: (monitor: ApplianceMonitor) => Promise<void>): Promise<void> {
    return this.#options.withMonitor(this.#options.socketPath, use);
  }

  async #attach(monitor: ApplianceMonitor, disks: readonly AttachedDisk[]): Promise<void> {
    for (const [index, { overlayPath }] of disks.entries()) {
      const node = `guest-${index}`;
      await monitor.execute('blockdev-add', {
        ...{ driver: 'qcow2', 'node-name': node, file: { driver: 'file', filename: overlayPath } },
        // Durability comes once, at the end: an interrupted conversion is never used.
        cache: { direct: false, 'no-flush': true },
      });
      await this.#placeDisk(monitor, node, index);
    }
  }

  /** Again, where the name was not free yet: the disk would be taken for another one. */
  async #placeDisk(monitor: ApplianceMonitor, node: string, index: number): Promise<void> {
    const place = { bus: 'scsi.0', channel: 0, 'scsi-id': index, lun: 0 };
    const serial = applianceLabel(index);
    const isThere = (listed: string) => new RegExp(`^${serial}: `, 'm').test(listed);
    for (let attempt = 1; attempt <= PLACING_ATTEMPTS_MAX; attempt += 1) {
      await monitor.execute('device_add', { driver: 'scsi-hd', drive: node, id: node, serial, ...place });
      const misnamed = findMisnamedDisks(await this.#awaitLabels(isThere), index + 1);
      if (misnamed.length === 0) return;
      this.#options.logger.info('appliance-disk-placed-again', { misnamed });
      await monitor.execute('device_del', { id: node });
      await this.#awaitLabels((listed) => !isThere(listed));
      await this.#session.attempt('debug', 'sh', 'udevadm settle');
    }
    throw new Error(`its disk ${index} does not get the name ${applianceDevice(index)}`);
  }

  async #awaitLabels(isAsWanted: (listed: string) => boolean): Promise<string> {
    const deadlineNs = this.#clock.monotonicNs() + BigInt(DISK_TIMEOUT_MS) * 1_000_000n;
    for (;;) {
      // Refused while a disk comes or goes.
      const { output, error } = await this.#session.attempt('list-disk-labels');
      if (error === undefined && isAsWanted(output)) return output;
      if (this.#clock.monotonicNs() > deadlineNs)
        throw new Error(`its disks stay as they are: ${error ?? output}`);
      await this.#clock.sleep(POLL_MS);
    }
  }
}

interface Drive {
  readonly device: string;
  readonly qdev?: string;
}

function attachFailed(cause: unknown): OperationError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new OperationError('APPLIANCE_FAILED', `the disks cannot be given to the appliance: ${why}`, {
    hint: 'an appliance is started anew by itself; `--no-ready-appliance` of the launch host keeps none',
    retryable: true,
    cause,
  });
}
