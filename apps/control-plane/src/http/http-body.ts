/** Bodies arrive as raw bytes: signatures cover them as they were sent. */
import { OperationError } from '@landfall/runtime';

export function rawBody(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** Errors: REQUEST_INVALID. */
export function parseJsonBody(body: unknown): unknown {
  try {
    return JSON.parse(rawBody(body).toString('utf8'));
  } catch (cause) {
    throw new OperationError('REQUEST_INVALID', 'the body is not valid JSON', {
      hint: 'use a program of the same version as the control plane',
      cause,
    });
  }
}
