/**
 * One file or folder on its way out, in numbered pieces that are asked for one after the other. A piece is
 * kept until the next is asked for, because the answer may be lost; so memory holds two pieces at most, and
 * what is not asked for stays in the appliance.
 */
import type { FilePiece } from '@landfall/channel';
import type { GuestDownload } from '@landfall/conversion';
import { MIB, OperationError } from '@landfall/runtime';

const PIECE_BYTES = 2 * MIB;
const ZEROES = Buffer.alloc(PIECE_BYTES);

export class FileTransfer {
  readonly treeId: string;
  readonly entry: GuestDownload['entry'];
  readonly #download: GuestDownload;
  readonly #chunks: AsyncIterator<Buffer>;
  #sequence = -1;
  #piece: Promise<FilePiece> | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #bytes = 0;

  constructor(treeId: string, download: GuestDownload) {
    this.treeId = treeId;
    this.entry = download.entry;
    this.#download = download;
    this.#chunks = download.stream[Symbol.asyncIterator]();
  }

  /** That have left. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Errors: FILES_TRANSFER_BROKEN, and those of the guest. */
  read(sequence: number): Promise<FilePiece> {
    if (sequence === this.#sequence && this.#piece !== undefined) return this.#piece;
    if (sequence !== this.#sequence + 1)
      throw broken(`piece ${sequence} was asked for after ${this.#sequence}`);
    this.#sequence = sequence;
    this.#piece = this.#next();
    return this.#piece;
  }

  /** What has not left yet never will. Harmless when everything has. */
  cancel(): void {
    this.#download.stream.destroy();
  }

  async #next(): Promise<FilePiece> {
    const content = await this.#take();
    const isLast = content.length < PIECE_BYTES;
    if (isLast) await this.#download.whole;
    this.#bytes += content.length;
    const isZero = content.length > 0 && content.equals(ZEROES.subarray(0, content.length));
    if (isZero) return { zeroBytes: content.length, isLast };
    return { contentBase64: content.toString('base64'), isLast };
  }

  /** A whole piece, or what is left when the end has come. */
  async #take(): Promise<Buffer> {
    const chunks = [this.#rest];
    let lengthBytes = this.#rest.length;
    while (lengthBytes < PIECE_BYTES) {
      const { value, done } = await this.#chunk();
      if (done === true) break;
      chunks.push(value);
      lengthBytes += value.length;
    }
    const all = Buffer.concat(chunks);
    this.#rest = all.subarray(PIECE_BYTES);
    return all.subarray(0, PIECE_BYTES);
  }

  async #chunk(): Promise<IteratorResult<Buffer>> {
    try {
      return await this.#chunks.next();
    } catch (cause) {
      // The appliance's own words, where it has any.
      await this.#download.whole;
      throw broken('it was cancelled', cause);
    }
  }
}

function broken(why: string, cause?: unknown): OperationError {
  return new OperationError('FILES_TRANSFER_BROKEN', `the transfer does not go on: ${why}`, {
    hint: 'fetch it again',
    cause,
  });
}
