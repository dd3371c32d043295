/** An export as a block device. Requests larger than the server takes go out in parts, several at a time. */
import {
  type AllocationExtent,
  appendExtent,
  assertWithin,
  type BlockDevice,
  type ReadableBlockDevice,
} from '@landfall/block';
import type { Agreement } from './client-handshake.ts';
import type { ClientTransmission } from './client-transmission.ts';
import { COMMAND, TRANSMISSION_FLAG } from './protocol.ts';

/** Bounds what one answer about allocation may make the server look at. */
const STATUS_BYTES_MAX = 1024 * 1024 * 1024;

export interface NbdConnection {
  readonly exportName: string;
  readonly agreement: Agreement;
  readonly transmission: ClientTransmission;
}

export class NbdDevice implements ReadableBlockDevice {
  readonly sizeBytes: number;
  readonly exportName: string;
  readonly readOnly: boolean;
  protected readonly agreement: Agreement;
  protected readonly transmission: ClientTransmission;

  constructor({ exportName, agreement, transmission }: NbdConnection) {
    this.exportName = exportName;
    this.sizeBytes = agreement.sizeBytes;
    this.readOnly = (agreement.transmissionFlags & TRANSMISSION_FLAG.READ_ONLY) !== 0;
    this.agreement = agreement;
    this.transmission = transmission;
  }

  async read(offsetBytes: number, target: Buffer): Promise<void> {
    await this.inParts(offsetBytes, target, (partOffsetBytes, part) =>
      this.transmission.ask({
        command: COMMAND.READ,
        offsetBytes: partOffsetBytes,
        lengthBytes: part.length,
        target: part,
      }),
    );
  }

  async allocation(offsetBytes: number, lengthBytes: number): Promise<AllocationExtent[]> {
    assertWithin(this.sizeBytes, offsetBytes, lengthBytes);
    if (lengthBytes === 0) return [];
    if (this.agreement.allocationId === undefined) return [{ offsetBytes, lengthBytes, zero: false }];
    const extents: AllocationExtent[] = [];
    const end = offsetBytes + lengthBytes;
    let position = offsetBytes;
    while (position < end) {
      const answered = await this.#status(position, Math.min(end - position, STATUS_BYTES_MAX));
      for (const extent of answered) {
        const partBytes = Math.min(extent.lengthBytes, end - position);
        if (partBytes === 0) break;
        appendExtent(extents, { ...extent, lengthBytes: partBytes });
        position += partBytes;
      }
    }
    return extents;
  }

  async close(): Promise<void> {
    await this.transmission.close();
  }

  /** Always at least one byte's worth. */
  async #status(offsetBytes: number, lengthBytes: number): Promise<readonly AllocationExtent[]> {
    const reply = await this.transmission.ask({ command: COMMAND.BLOCK_STATUS, offsetBytes, lengthBytes });
    return reply.extents;
  }

  protected async inParts(
    offsetBytes: number,
    content: Buffer,
    act: (offsetBytes: number, part: Buffer) => Promise<unknown>,
  ): Promise<void> {
    assertWithin(this.sizeBytes, offsetBytes, content.length);
    const { payloadBytesMax } = this.agreement;
    const parts: Promise<unknown>[] = [];
    for (let done = 0; done < content.length; done += payloadBytesMax) {
      parts.push(act(offsetBytes + done, content.subarray(done, done + payloadBytesMax)));
    }
    // All settle before the caller has its buffer back.
    const failed = (await Promise.allSettled(parts)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

const ZEROES_BYTES_MAX = 1024 * 1024 * 1024;

export class WritableNbdDevice extends NbdDevice implements BlockDevice {
  async write(offsetBytes: number, source: Buffer): Promise<void> {
    await this.inParts(offsetBytes, source, (partOffsetBytes, part) =>
      this.transmission.ask({
        command: COMMAND.WRITE,
        offsetBytes: partOffsetBytes,
        lengthBytes: part.length,
        payload: part,
      }),
    );
  }

  async writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    assertWithin(this.sizeBytes, offsetBytes, lengthBytes);
    for (let done = 0; done < lengthBytes; done += ZEROES_BYTES_MAX) {
      await this.transmission.ask({
        command: COMMAND.WRITE_ZEROES,
        offsetBytes: offsetBytes + done,
        lengthBytes: Math.min(ZEROES_BYTES_MAX, lengthBytes - done),
      });
    }
  }

  async flush(): Promise<void> {
    await this.transmission.ask({ command: COMMAND.FLUSH, offsetBytes: 0, lengthBytes: 0 });
  }
}
