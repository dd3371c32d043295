/**
 * The client of a channel whose certificate is renewed under it: new exchanges use the new certificate, those
 * under way end in peace with the old one, whose connections are closed after the last of them. An exchange
 * that the control plane refuses because its certificate was just replaced is made again with the new one.
 */
import { OperationError } from '@landfall/runtime';
import { createHttpClient, type ExchangeOptions, type HttpClientOptions } from './http-client.ts';

export interface RenewableClient {
  /** Errors: those of HttpClient. */
  post(path: string, body: unknown, limits: ExchangeOptions): Promise<unknown>;
  renew(options: HttpClientOptions): void;
  close(): void;
}

interface Generation {
  readonly client: ReturnType<typeof createHttpClient>;
  underWay: number;
}

export function createRenewableClient(options: HttpClientOptions): RenewableClient {
  let current: Generation = { client: createHttpClient(options), underWay: 0 };
  const old = new Set<Generation>();
  const closeWhenIdle = (generation: Generation) => {
    if (generation === current || generation.underWay > 0) return;
    old.delete(generation);
    generation.client.close();
  };
  const postWith = async (generation: Generation, path: string, body: unknown, limits: ExchangeOptions) => {
    generation.underWay += 1;
    try {
      return await generation.client.post(path, body, limits);
    } finally {
      generation.underWay -= 1;
      closeWhenIdle(generation);
    }
  };
  return {
    post: async (path, body, limits) => {
      const mine = current;
      try {
        return await postWith(mine, path, body, limits);
      } catch (error) {
        if (mine === current || !isRefusedCertificate(error)) throw error;
      }
      return postWith(current, path, body, limits);
    },
    renew: (renewed) => {
      const before = current;
      current = { client: createHttpClient(renewed), underWay: 0 };
      old.add(before);
      closeWhenIdle(before);
    },
    close: () => {
      for (const generation of [current, ...old]) generation.client.close();
    },
  };
}

function isRefusedCertificate(error: unknown): boolean {
  return isExpiredCertificate(error) || (error instanceof OperationError && error.code === 'PROGRAM_REVOKED');
}

export function isExpiredCertificate(error: unknown): boolean {
  return error instanceof OperationError && error.code === 'CERTIFICATE_EXPIRED';
}
