import { assert } from '@landfall/runtime';

/**
 * A request outside the device is a programmer error: whoever takes requests from elsewhere checks them
 * first.
 */
export function assertWithin(sizeBytes: number, offsetBytes: number, lengthBytes: number): void {
  assert(Number.isSafeInteger(offsetBytes) && offsetBytes >= 0, `offset ${offsetBytes} is not an offset`);
  assert(Number.isSafeInteger(lengthBytes) && lengthBytes >= 0, `length ${lengthBytes} is not a length`);
  const endBytes = offsetBytes + lengthBytes;
  assert(endBytes <= sizeBytes, `request ends at ${endBytes}, beyond the device's ${sizeBytes} bytes`);
}
