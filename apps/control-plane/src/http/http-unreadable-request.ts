/**
 * What is no HTTP, has too long a head, or comes too slowly. There is no request then, so the answer is
 * written on the connection itself, in the form every other error has; the connection ends with it.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError, encodeError } from '@landfall/api';
import { systemErrorCode } from '@landfall/runtime';
import type { Service } from '../service.ts';

interface Reason {
  readonly status: number;
  readonly message: string;
}

/** By the codes of node:http. */
const REASONS: Readonly<Record<string, Reason>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request did not come in time.' },
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The head of the request is too large.' },
};
const NOT_HTTP: Reason = { status: 400, message: 'The request could not be read.' };

export function answerUnreadable({ random }: Pick<Service, 'random'>, error: Error, socket: Socket): void {
  const code = systemErrorCode(error) ?? '';
  const { status, message } = (Object.hasOwn(REASONS, code) ? REASONS[code] : undefined) ?? NOT_HTTP;
  if (code !== 'ECONNRESET' && socket.writable) {
    const response = encodeError(ApiError.validation(message, { reason: 'cannotParse' }), random.uuid());
    const body = String(response.body);
    const fields = { ...response.headers, 'content-length': Buffer.byteLength(body), connection: 'close' };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  }
  socket.destroy(error);
}
