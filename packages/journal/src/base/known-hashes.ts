/**
 * SHA-256 of chunks of a valid base, remembered when they were taken: such a base never changes (J3), and a
 * source that is restarted asks for the same hashes again. In memory, 32 bytes a chunk: 32 MiB a TiB, from
 * the first hash on. What the storage has spoiled since then is found by whoever reads it.
 */
const SHA256_BYTES = 32;

export class KnownHashes {
  readonly #chunks: number;
  #known: Uint8Array | undefined;
  #hashes: Buffer | undefined;

  constructor(chunks: number) {
    this.#chunks = chunks;
  }

  get(chunk: number): Buffer | undefined {
    if (this.#known?.[chunk] !== 1) return undefined;
    return this.#hashes?.subarray(chunk * SHA256_BYTES, (chunk + 1) * SHA256_BYTES);
  }

  note(chunk: number, sha256: Buffer): void {
    this.#known ??= new Uint8Array(this.#chunks);
    this.#hashes ??= Buffer.alloc(this.#chunks * SHA256_BYTES);
    this.#known[chunk] = 1;
    sha256.copy(this.#hashes, chunk * SHA256_BYTES);
  }
}
