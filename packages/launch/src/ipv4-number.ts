/** IPv4 addresses as numbers, so that they can be counted. */

/** `undefined`: the text is no IPv4 address. */
export function addressNumber(address: string): number | undefined {
  const bytes = address.split('.').map(Number);
  const isAddress =
    bytes.length === 4 && bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256);
  return isAddress ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : undefined;
}

export function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
