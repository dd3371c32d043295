/** How fast a machine's own disks fill in, as a person writes it: MiB a second, or nothing. Pure. */
const MIB = 1024 * 1024;
/** The service takes no less. */
const BYTES_PER_SECOND_MIN = 64 * 1024;
const BYTES_PER_SECOND_MAX = 1024 ** 4;

export function limitText(bytesPerSecondMax: number | undefined): string {
  if (bytesPerSecondMax === undefined || bytesPerSecondMax === 0) return '';
  return String(Number((bytesPerSecondMax / MIB).toPrecision(6)));
}

/** In bytes, 0 for no limit. `undefined`: that is none. */
export function parseLimit(text: string): number | undefined {
  const given = text.trim();
  if (given === '') return 0;
  if (!/^\d+([.,]\d+)?$/.test(given)) return undefined;
  const bytes = Math.round(Number(given.replace(',', '.')) * MIB);
  if (bytes === 0) return 0;
  return bytes >= BYTES_PER_SECOND_MIN && bytes <= BYTES_PER_SECOND_MAX ? bytes : undefined;
}
