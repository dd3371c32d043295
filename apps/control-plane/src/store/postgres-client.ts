/** Connections to PostgreSQL, and what can go wrong with them. */
import { OperationError } from '@landfall/runtime';
import { Client, DatabaseError, types } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import type { StoreLocation } from './store.ts';

const CONNECT_TIMEOUT_MS = 5000;
const QUERY_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 15_000;
const INT8_OID = 20;

/** Errors: those of `pg`. */
export async function connectPostgres(
  { url, password }: StoreLocation,
  name: string,
  onLost: (client: Client, error: Error) => void,
): Promise<Client> {
  const client = new Client({
    // Given as text, the address would take the place of the password beside it.
    ...parseIntoClientConfig(url),
    ...(password === undefined ? {} : { password }),
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A network that swallows everything must not hold us up for a quarter of an hour.
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    // Times and sequences are safe integers; pg hands them over as text otherwise.
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8_OID ? Number : types.getTypeParser(oid, format ?? 'text'),
    },
  });
  client.on('error', (error) => onLost(client, error));
  await client.connect();
  return client;
}

/** The statement was wrong, the session goes on. */
export function isStatementError(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === 'ERROR';
}

/**
 * Asking again would not help: authentication (class 28, and what `pg` says of it itself), no such database
 * (3D), not allowed (42501).
 */
export function isRefusal(error: unknown): error is Error {
  if (error instanceof DatabaseError) return /^(28...|3D000|42501)$/.test(error.code ?? '');
  return error instanceof Error && error.message.startsWith('SASL');
}

export function refused(cause: Error): OperationError {
  return new OperationError('STORE_REFUSED', `PostgreSQL does not let us in: ${cause.message}`, {
    hint: 'check user and database of --store, and the password that --store-password names',
    cause,
  });
}

export function unavailable(cause: unknown): OperationError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OperationError('STORE_UNAVAILABLE', `the database is away: ${reason}`, {
    hint: 'check that PostgreSQL runs and is reached; it is tried again',
    retryable: true,
    cause,
  });
}
