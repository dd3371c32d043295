/** What a receiver checks of every message before the store sees it. Nothing here writes. */
import type { EpochCommit } from '@landfall/model';
import { OperationError } from '@landfall/runtime';
import {
  type ExtentMessage,
  type HashesRequest,
  type Hello,
  type HelloDisk,
  PROTOCOL_VERSION,
  type ZeroesMessage,
} from '@landfall/wire';
import { RESCAN_CHUNK_BYTES } from '../epoch-store.ts';
import type { ReceiverPeer } from './receiver-options.ts';

export const AGENT_ROLE = 'agent';
/**
 * 1 PiB, more than any disk there is: the size is the agent's word, and the replica is laid out for it. It is
 * 2^30 chunks, whose states fit one array of bytes, and whose base table is a sparse file of 104 GiB.
 */
export const DISK_BYTES_MAX = 2 ** 50;

/** Errors: PROTOCOL_VERSION_UNSUPPORTED, IDENTITY_MISMATCH, DISKS_MISMATCH. */
export function checkHello(hello: Hello, peer: ReceiverPeer): void {
  if (!hello.protocolVersions.includes(PROTOCOL_VERSION)) throw unsupported(hello);
  if (peer.role !== AGENT_ROLE || peer.programId !== hello.sourceServerId) throw mismatch(hello, peer);
  if (new Set(hello.disks.map(({ diskId }) => diskId)).size !== hello.disks.length) {
    throw new OperationError('DISKS_MISMATCH', 'the agent named the same disk twice', {
      hint: 'restart the agent; if it does it again, enrol the server anew',
    });
  }
  const larger = hello.disks.find(({ sizeBytes }) => sizeBytes > DISK_BYTES_MAX);
  if (larger !== undefined) throw tooLarge(larger);
}

export class IncomingEpoch {
  readonly #sizesBytes: readonly number[];
  #lastEpoch: number;
  #extentCount = 0;

  constructor(sizesBytes: readonly number[], lastEpoch: number) {
    this.#sizesBytes = sizesBytes;
    this.#lastEpoch = lastEpoch;
  }

  /** The payload's checksum is the store's to verify: once is enough. Errors: EXTENT_OUT_OF_BOUNDS. */
  checkExtent({ header }: ExtentMessage): void {
    this.#checkRange(header);
    this.#extentCount += 1;
  }

  checkZeroes(message: ZeroesMessage): void {
    this.#checkRange(message);
    this.#extentCount += 1;
  }

  /** Errors: EPOCH_OUT_OF_ORDER, EXTENT_COUNT_MISMATCH. After this the epoch is closed. */
  checkCommit({ epoch, extentCount }: EpochCommit): void {
    if (epoch !== this.#lastEpoch + 1) throw outOfOrder(epoch, this.#lastEpoch + 1);
    if (extentCount !== this.#extentCount) throw wrongCount(extentCount, this.#extentCount);
    this.#lastEpoch = epoch;
    this.#extentCount = 0;
  }

  abandon(): void {
    this.#extentCount = 0;
  }

  checkHashesRequest({ diskIndex, firstChunk, count }: HashesRequest): void {
    const sizeBytes = this.#sizesBytes[diskIndex];
    if (sizeBytes === undefined || (firstChunk + count - 1) * RESCAN_CHUNK_BYTES >= sizeBytes) {
      throw outOfBounds(`hashes of chunks ${firstChunk} to ${firstChunk + count - 1} of disk ${diskIndex}`);
    }
  }

  #checkRange(range: {
    readonly diskIndex: number;
    readonly offsetBytes: number;
    readonly lengthBytes: number;
  }): void {
    const sizeBytes = this.#sizesBytes[range.diskIndex] ?? 0;
    if (range.offsetBytes + range.lengthBytes <= sizeBytes) return;
    const what = `an extent at ${range.offsetBytes} of ${range.lengthBytes} bytes of disk ${range.diskIndex}`;
    throw outOfBounds(what);
  }
}

function unsupported(hello: Hello): OperationError {
  const theirs = hello.protocolVersions.join(', ');
  const message = `the agent speaks protocol version ${theirs}, this server ${PROTOCOL_VERSION}`;
  return new OperationError('PROTOCOL_VERSION_UNSUPPORTED', message, {
    hint: 'upgrade the older of the two programs',
  });
}

function mismatch(hello: Hello, peer: ReceiverPeer): OperationError {
  const message = `the certificate is ${peer.role} ${peer.programId}'s, not agent ${hello.sourceServerId}'s`;
  return new OperationError('IDENTITY_MISMATCH', message, {
    hint: 'enrol this server anew: its identity was copied from another',
    context: { programId: peer.programId, sourceServerId: hello.sourceServerId },
  });
}

function tooLarge({ diskId, sizeBytes }: HelloDisk): OperationError {
  const message = `the agent named ${diskId} as a disk of ${sizeBytes} bytes, more than ${DISK_BYTES_MAX}`;
  return new OperationError('DISKS_MISMATCH', message, {
    hint: 'look at the size of the disk on the source server (`lsblk --bytes`), or leave it out',
    context: { diskId },
  });
}

function outOfBounds(what: string): OperationError {
  return new OperationError('EXTENT_OUT_OF_BOUNDS', `the agent sent or asked for ${what}, past the end`, {
    hint: 'restart the agent so that it finds the sizes of its disks again',
  });
}

function outOfOrder(epoch: number, expected: number): OperationError {
  return new OperationError('EPOCH_OUT_OF_ORDER', `the agent sent epoch ${epoch} instead of ${expected}`, {
    hint: 'the agent connects again and continues where the replica is',
    retryable: true,
  });
}

function wrongCount(announced: number, received: number): OperationError {
  const message = `the agent announced ${announced} extents in an epoch, ${received} arrived`;
  return new OperationError('EXTENT_COUNT_MISMATCH', message, {
    hint: 'the agent connects again and sends the epoch anew',
    retryable: true,
  });
}
