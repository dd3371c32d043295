/**
 * The staging disk as one run of the replication server sees it: the simulated files of the journal, which
 * take their time, fail when told to, and are out of reach once the power is cut or the program was killed:
 * then a call never returns.
 */
import type { JournalFile, JournalFiles } from '@landfall/journal';
import { PowerCut } from '@landfall/journal/testing';
import type { Clock, Random } from '@landfall/runtime';
import { forEver, type ProgramLife } from './program-life.ts';

export interface StagingFilesOptions {
  readonly files: JournalFiles;
  readonly life: ProgramLife;
  readonly clock: Clock;
  readonly random: Random;
  readonly syncMsMax: number;
  readonly onPowerCut: () => void;
}

export class StagingFiles implements JournalFiles {
  /** The next so many writes fail. */
  writeFailures = 0;
  operations = 0;
  readonly #options: StagingFilesOptions;

  constructor(options: StagingFilesOptions) {
    this.#options = options;
  }

  create(path: string): Promise<JournalFile> {
    return this.#run(async () => this.#slowed(await this.#options.files.create(path)));
  }

  open(path: string): Promise<JournalFile> {
    return this.#run(async () => this.#slowed(await this.#options.files.open(path)));
  }

  readWhole(path: string): Promise<Buffer | undefined> {
    return this.#run(() => this.#options.files.readWhole(path));
  }

  replace(path: string, content: string): Promise<void> {
    return this.#run(() => this.#options.files.replace(path, content), 'sync');
  }

  ensureFolder(path: string): Promise<void> {
    return this.#run(() => this.#options.files.ensureFolder(path));
  }

  list(path: string): Promise<string[]> {
    return this.#run(() => this.#options.files.list(path));
  }

  syncFolder(path: string): Promise<void> {
    return this.#run(() => this.#options.files.syncFolder(path), 'sync');
  }

  remove(path: string): Promise<void> {
    return this.#run(() => this.#options.files.remove(path));
  }

  allocatedBytes(path?: string): Promise<number> {
    return this.#run(() => this.#options.files.allocatedBytes(path));
  }

  freeBytes(): Promise<number> {
    return this.#run(() => this.#options.files.freeBytes());
  }

  async lock(): Promise<() => Promise<void>> {
    const release = await this.#run(() => this.#options.files.lock());
    return () => this.#run(release);
  }

  #slowed(file: JournalFile): JournalFile {
    return {
      sizeBytes: () => this.#run(() => file.sizeBytes()),
      read: (positionBytes, target) => this.#run(() => file.read(positionBytes, target)),
      readParts: (positionBytes, parts) => this.#run(() => file.readParts(positionBytes, parts)),
      write: (positionBytes, parts) => this.#run(() => this.#write(file, positionBytes, parts), 'write'),
      truncate: (sizeBytes) => this.#run(() => file.truncate(sizeBytes), 'write'),
      sync: () => this.#run(() => file.sync(), 'sync'),
      close: () => this.#run(() => file.close()),
    };
  }

  async #write(file: JournalFile, positionBytes: number, parts: readonly Buffer[]): Promise<void> {
    if (this.writeFailures > 0) {
      this.writeFailures -= 1;
      throw Object.assign(new Error('simulated I/O error'), { code: 'EIO' });
    }
    await file.write(positionBytes, parts);
  }

  /** Writes and syncs take effect some time before they return, or after they were called. */
  async #run<Result>(operation: () => Promise<Result>, kind?: 'write' | 'sync'): Promise<Result> {
    const { life, random } = this.#options;
    if (!life.alive) return forEver();
    const delayMs = kind === undefined ? 0 : this.#delayMs(kind);
    const delaysFirst = delayMs > 0 && random.integer(2) === 0;
    if (delaysFirst) await life.clock.sleep(delayMs);
    if (kind !== undefined) this.operations += 1;
    const outcome = await life.during(this.#untilPowerCut(operation));
    if (delayMs > 0 && !delaysFirst) await life.clock.sleep(delayMs);
    return outcome;
  }

  async #untilPowerCut<Result>(operation: () => Promise<Result>): Promise<Result> {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      this.#options.onPowerCut();
      return forEver();
    }
  }

  #delayMs(kind: 'write' | 'sync'): number {
    const { random, syncMsMax } = this.#options;
    if (kind === 'write') return random.integer(12) === 0 ? 1 : 0;
    return random.integer(syncMsMax + 1);
  }
}
