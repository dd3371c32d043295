/**
 * Verified, decoded content that the next read is likely to want again: reading a 1 MiB extent in pieces of
 * 64 KiB must not decompress it sixteen times. Least recently used goes first; a load that is under way is
 * shared.
 */
export class ContentCache {
  readonly #bytesMax: number;
  readonly #entries = new Map<string, Promise<Buffer>>();
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(key: string, load: () => Promise<Buffer>): Promise<Buffer> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const loading = this.#load(key, load);
    this.#entries.set(key, loading);
    return loading;
  }

  clear(): void {
    this.#entries.clear();
    this.#sizes.clear();
    this.#bytes = 0;
  }

  async #load(key: string, load: () => Promise<Buffer>): Promise<Buffer> {
    try {
      const content = await load();
      this.#account(key, content.length);
      return content;
    } catch (error) {
      this.#entries.delete(key);
      throw error;
    }
  }

  #account(key: string, sizeBytes: number): void {
    if (!this.#entries.has(key)) return;
    this.#sizes.set(key, sizeBytes);
    this.#bytes += sizeBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === key) return;
      this.#bytes -= this.#sizes.get(oldest) ?? 0;
      this.#sizes.delete(oldest);
      this.#entries.delete(oldest);
    }
  }
}
