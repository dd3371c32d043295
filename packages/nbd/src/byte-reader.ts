/**
 * Reads the fields of one message in order; every read past its end is `undefined`. Pure; survives any
 * bytes.
 */
export class ByteReader {
  readonly #content: Buffer;
  #position = 0;

  constructor(content: Buffer) {
    this.#content = content;
  }

  get restBytes(): number {
    return this.#content.length - this.#position;
  }

  u16(): number | undefined {
    return this.bytes(2)?.readUInt16BE();
  }

  u32(): number | undefined {
    return this.bytes(4)?.readUInt32BE();
  }

  u64(): bigint | undefined {
    return this.bytes(8)?.readBigUInt64BE();
  }

  bytes(length: number): Buffer | undefined {
    if (length > this.restBytes) return undefined;
    this.#position += length;
    return this.#content.subarray(this.#position - length, this.#position);
  }

  rest(): Buffer {
    return this.#content.subarray(this.#position);
  }

  /** A string after its 32-bit length. */
  text(lengthBytesMax: number): string | undefined {
    const length = this.u32();
    if (length === undefined || length > lengthBytesMax) return undefined;
    const content = this.bytes(length);
    return content === undefined ? undefined : decodeText(content);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 without NUL, or `undefined`. */
export function decodeText(content: Buffer): string | undefined {
  if (content.includes(0)) return undefined;
  try {
    return utf8.decode(content);
  } catch {
    // Not UTF-8: the caller answers that the message is malformed.
    return undefined;
  }
}

export function u16(value: number): Buffer {
  const field = Buffer.allocUnsafe(2);
  field.writeUInt16BE(value);
  return field;
}

export function u32(value: number): Buffer {
  const field = Buffer.allocUnsafe(4);
  field.writeUInt32BE(value);
  return field;
}

export function u64(value: bigint | number): Buffer {
  const field = Buffer.allocUnsafe(8);
  field.writeBigUInt64BE(BigInt(value));
  return field;
}

/** Text after its 32-bit length. */
export function textField(text: string): Buffer {
  const content = Buffer.from(text);
  return Buffer.concat([u32(content.length), content]);
}
