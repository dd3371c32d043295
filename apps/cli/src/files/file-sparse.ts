/** Writes a file from front to back, leaving holes where there are nothing but zeroes. */
import type { FileHandle } from 'node:fs/promises';

const HOLE_BYTES = 64 * 1024;
const ZEROES = Buffer.alloc(HOLE_BYTES);

/** Answers its size. */
export async function writeSparsely(file: FileHandle, content: AsyncIterable<Uint8Array>): Promise<number> {
  let offset = 0;
  for await (const chunk of content) {
    for (let start = 0; start < chunk.length; ) {
      // Parts end where a hole could, so that holes are found whatever the chunks are.
      const length = Math.min(HOLE_BYTES - (offset % HOLE_BYTES), chunk.length - start);
      const part = Buffer.from(chunk.buffer, chunk.byteOffset + start, length);
      if (!part.equals(ZEROES.subarray(0, length))) await writeWhole(file, part, offset);
      offset += length;
      start += length;
    }
  }
  await file.truncate(offset);
  return offset;
}

async function writeWhole(file: FileHandle, part: Buffer, offset: number): Promise<void> {
  for (let done = 0; done < part.length; ) {
    const { bytesWritten } = await file.write(part, done, part.length - done, offset + done);
    done += bytesWritten;
  }
}
