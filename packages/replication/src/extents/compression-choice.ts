/**
 * Whether to compress, decided by what was measured: how many bytes of disk a second pass in each way,
 * compression and link together. The better way is used; the other is tried for one batch in PROBE_EVERY.
 * When both are within TIE_RATIO, compression wins: it spares the network and the staging disk.
 */
export const PROBE_EVERY = 32;
const TIE_RATIO = 0.95;
/** Weight of the newest measurement. */
const SMOOTHING = 0.3;
/** Batches smaller than this say more about waiting than about speed. */
export const MEASURED_BYTES_MIN = 1024 * 1024;

export type Compression = 'ZSTD' | 'RAW';

export class CompressionChoice {
  readonly #bytesPerSecond: { ZSTD: number | undefined; RAW: number | undefined } = {
    ZSTD: undefined,
    RAW: undefined,
  };
  #batches = 0;

  /**
   * How to send the next batch of that many bytes. Small ones are always compressed: it costs nothing that
   * matters.
   */
  choose(bytes: number): Compression {
    if (bytes < MEASURED_BYTES_MIN) return 'ZSTD';
    const { ZSTD, RAW } = this.#bytesPerSecond;
    if (ZSTD === undefined) return 'ZSTD';
    if (RAW === undefined) return 'RAW';
    const better = ZSTD >= RAW * TIE_RATIO ? 'ZSTD' : 'RAW';
    this.#batches += 1;
    if (this.#batches % PROBE_EVERY !== 0) return better;
    return better === 'ZSTD' ? 'RAW' : 'ZSTD';
  }

  /** `shrinkableBytes`: of extents whose sample shrank; a batch without many of them tells nothing. */
  observe(
    way: Compression,
    batch: { readonly bytes: number; readonly shrinkableBytes: number; readonly durationNs: bigint },
  ): void {
    if (batch.bytes < MEASURED_BYTES_MIN || batch.shrinkableBytes * 2 < batch.bytes) return;
    const seconds = Math.max(Number(batch.durationNs) / 1e9, 1e-6);
    const rate = batch.bytes / seconds;
    const before = this.#bytesPerSecond[way];
    this.#bytesPerSecond[way] = before === undefined ? rate : before + SMOOTHING * (rate - before);
  }
}
