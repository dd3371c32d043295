/** Exports and seeds of a replication server that runs on this machine, asked of the control plane. */
import { access } from 'node:fs/promises';
import type { ApiClient, Landfall } from '@landfall/api';
import { every, OperationError, systemErrorCode, systemRandom } from '@landfall/runtime';
import type { NbdDisk } from './image-format.ts';
import type { OpenExport, OpenSeed, Transfers } from './transfer.ts';

/** A quarter of what the service gives. */
const RENEWED_EVERY_MS = 30_000;

export class ServiceTransfers implements Transfers {
  readonly #client: ApiClient;
  readonly #sourceServerID: string;
  readonly #say: (line: string) => void;

  constructor(client: ApiClient, sourceServerID: string, say: (line: string) => void) {
    this.#client = client;
    this.#sourceServerID = sourceServerID;
    this.#say = say;
  }

  async withExport<Result>(at: string, action: (opened: OpenExport) => Promise<Result>): Promise<Result> {
    const id = { sourceServerID: this.#sourceServerID, exportID: systemRandom.uuid() };
    const { recoveryPoint, disks } = await this.#client.landfall('OpenExport', { ...id, at });
    const again = { ...id, at: `epoch:${recoveryPoint.epoch}` };
    const stop = this.#renewing(() => this.#client.landfall('OpenExport', again));
    try {
      const opened = { server: this.#sourceServerID, point: recoveryPoint, disks: disks.map(nbdDisk) };
      await checkHere(opened.disks);
      return await action(opened);
    } finally {
      stop();
      await this.#orSay(this.#client.landfall('CloseExport', id));
    }
  }

  async withSeed<Result>(action: (opened: OpenSeed) => Promise<Result>): Promise<Result> {
    const id = { sourceServerID: this.#sourceServerID, seedID: systemRandom.uuid() };
    const { disks } = await this.#client.landfall('OpenSeed', id);
    const stop = this.#renewing(() => this.#client.landfall('OpenSeed', { ...id, renews: true }));
    const close = () => this.#client.landfall('CloseSeed', id);
    let result: Result;
    try {
      const opened = { server: this.#sourceServerID, disks: disks.map(nbdDisk) };
      await checkHere(opened.disks);
      result = await action(opened);
    } catch (error) {
      // The image tool only knows that a write failed; the server tells why.
      await this.#orSay(close());
      throw error;
    } finally {
      stop();
    }
    await close();
    return result;
  }

  /** One that fails is followed by others before the time is over. */
  #renewing(renew: () => Promise<unknown>): () => void {
    return every(
      RENEWED_EVERY_MS,
      () => renew().then(() => undefined),
      (error) => this.#say(`the control plane does not answer: ${textOf(error)}`),
    );
  }

  /** What cannot be closed now closes itself within minutes. */
  async #orSay(closing: Promise<unknown>): Promise<void> {
    const [closed] = await Promise.allSettled([closing]);
    if (closed.status === 'rejected') this.#say(textOf(closed.reason));
  }
}

function nbdDisk({ diskID, deviceName, sizeBytes, nbdURI }: Landfall.NbdDisk): NbdDisk {
  return { diskId: diskID, deviceName, sizeBytes, nbdUri: nbdURI };
}

/** Errors: REPLICATION_SERVER_ELSEWHERE. */
async function checkHere(disks: readonly NbdDisk[]): Promise<void> {
  const socket = URL.parse(disks[0]?.nbdUri ?? '')?.searchParams.get('socket') ?? undefined;
  if (socket === undefined) return;
  try {
    await access(socket);
  } catch (cause) {
    const why = `its socket ${socket} cannot be used here (${systemErrorCode(cause)})`;
    throw new OperationError('REPLICATION_SERVER_ELSEWHERE', `the replication server is not here: ${why}`, {
      hint: 'run the command as root on the machine of the replication server (LANDFALL_ENDPOINT says where the control plane is)',
      cause,
    });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
