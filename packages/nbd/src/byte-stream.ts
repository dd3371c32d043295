/** Both directions of one connection, as the NBD machines see it. */
export interface ByteStream {
  /**
   * The first `lengthBytes` of the next message, however long it takes to come; `undefined` when the other
   * side ended the connection before its first byte. The bytes stay valid. One read at a time.
   */
  next(lengthBytes: number): Promise<Buffer | undefined>;
  /** Fills `target` with what a message goes on with; the other side may not pause for long. */
  fill(target: Buffer): Promise<void>;
  /**
   * Hands over all parts with nothing between them; resolves when the kernel has them: they may be reused
   * then.
   */
  write(...parts: Buffer[]): Promise<void>;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes at once. Reads and writes reject with `reason`. */
  destroy(reason: Error): void;
  /** Resolves when the connection is closed, whoever closed it. */
  readonly closed: Promise<void>;
}

/** The next `lengthBytes` of a message that has begun. */
export async function readRest(stream: ByteStream, lengthBytes: number): Promise<Buffer> {
  const content = Buffer.allocUnsafe(lengthBytes);
  await stream.fill(content);
  return content;
}
