/** Raw disks as read-only NBD exports, by qemu-nbd: it stands where the replication server is otherwise. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, run, systemClock } from '../../packages/runtime/src/index.ts';

const READY_POLL_MS = 50;
const READY_ATTEMPTS_MAX = 200;

export class ViewServer {
  readonly uri: string;
  readonly #child: ChildProcess;

  private constructor(uri: string, child: ChildProcess) {
    this.uri = uri;
    this.#child = child;
  }

  /** `name`: of the export, unique in `folder`. */
  static async start(folder: string, name: string, path: string): Promise<ViewServer> {
    const socket = join(folder, `${name}.sock`);
    await rm(socket, { force: true });
    const place = ['-x', name, '-k', socket];
    const options = ['-r', '-t', '-e', '8', '-f', 'raw', ...place, path];
    const child = spawn('qemu-nbd', options, { stdio: ['ignore', 'ignore', 'inherit'] });
    await once(child, 'spawn');
    const uri = `nbd+unix:///${name}?socket=${socket}`;
    for (let attempt = 0; attempt < READY_ATTEMPTS_MAX; attempt += 1) {
      if ((await run(['qemu-img', 'info', uri])).exitCode === 0) return new ViewServer(uri, child);
      await systemClock.sleep(READY_POLL_MS);
    }
    child.kill('SIGKILL');
    throw new OperationError('TOOL_FAILED', `qemu-nbd does not serve ${path}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}
