/**
 * Machines on disk:
 *
 *   STATE/machines/ID/machine.json         the record
 *   STATE/machines/ID/overlay-DISK.qcow2   what is written on top of a view
 *   STATE/machines/ID/console.log …        what QEMU leaves there
 *   STATE/terminated/ID.json               the record of a machine that is no more
 *   STATE/kept-disks/ID/DISK.qcow2         a disk that was to outlive its machine
 */
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureFolder,
  OperationError,
  readIfExists,
  syncFolder,
  systemErrorCode,
  writeDurably,
} from '@landfall/runtime';
import type { MachineRecord } from './machine-record.ts';

/** Records of terminated machines beyond this are forgotten, oldest first. */
const TERMINATED_KEPT_MAX = 1000;
const CONSOLE_TAIL_BYTES_MAX = 1024 * 1024;
const MACHINE_ID = /^i-[0-9a-f]{17}$/;

export class MachineStore {
  readonly #machines: string;
  readonly #terminated: string;
  readonly #kept: string;

  constructor(stateFolder: string) {
    this.#machines = join(stateFolder, 'machines');
    this.#terminated = join(stateFolder, 'terminated');
    this.#kept = join(stateFolder, 'kept-disks');
  }

  async open(): Promise<void> {
    await ensureFolder(this.#machines);
    await ensureFolder(this.#terminated);
    await this.#forgetOldest();
  }

  folderOf(machineId: string): string {
    if (!MACHINE_ID.test(machineId)) throw unknownMachine(machineId);
    return join(this.#machines, machineId);
  }

  keptFolderOf(machineId: string): string {
    if (!MACHINE_ID.test(machineId)) throw unknownMachine(machineId);
    return join(this.#kept, machineId);
  }

  async loadAll(): Promise<MachineRecord[]> {
    const records: MachineRecord[] = [];
    for (const machineId of await readdir(this.#machines)) {
      const text = await readIfExists(join(this.folderOf(machineId), 'machine.json'));
      if (text !== undefined) records.push(JSON.parse(text));
    }
    return records;
  }

  async loadTerminated(machineId: string): Promise<MachineRecord | undefined> {
    this.folderOf(machineId);
    const text = await readIfExists(join(this.#terminated, `${machineId}.json`));
    return text === undefined ? undefined : JSON.parse(text);
  }

  async save(record: MachineRecord): Promise<void> {
    const folder = this.folderOf(record.specification.machineId);
    await ensureFolder(folder);
    await writeDurably(join(folder, 'machine.json'), `${JSON.stringify(record, null, 2)}\n`);
  }

  /**
   * First the record that it is no more, then its folder: a crash between the two is finished by the next
   * call.
   */
  async remove(record: MachineRecord): Promise<void> {
    const { machineId } = record.specification;
    await writeDurably(join(this.#terminated, `${machineId}.json`), `${JSON.stringify(record)}\n`);
    await rm(this.folderOf(machineId), { recursive: true, force: true });
    await syncFolder(this.#machines);
  }

  async #forgetOldest(): Promise<void> {
    const names = await readdir(this.#terminated);
    if (names.length <= TERMINATED_KEPT_MAX) return;
    const aged = await Promise.all(
      names.map(async (name) => ({ name, changedMs: (await stat(join(this.#terminated, name))).mtimeMs })),
    );
    aged.sort((left, right) => left.changedMs - right.changedMs);
    for (const { name } of aged.slice(0, names.length - TERMINATED_KEPT_MAX))
      await rm(join(this.#terminated, name));
  }
}

/** Everything written to the file, by whatever process, is on the disk when this resolves. */
export async function makeDurable(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Nothing to remove is success. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** The end of a text file; empty when there is none yet. */
export async function readTail(path: string, tailBytes: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, Math.max(0, tailBytes), CONSOLE_TAIL_BYTES_MAX);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** The beginning of a text file; empty when there is none yet. */
export async function readHead(path: string, headBytes: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, headBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

export function unknownMachine(machineId: string): OperationError {
  return new OperationError('MACHINE_UNKNOWN', `this launch host has no machine ${machineId}`, {
    hint: "list the launch host's machines; the machine may have been terminated",
  });
}

/** With everything in it; nothing to remove is success. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
