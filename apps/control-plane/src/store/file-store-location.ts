/** `--store` and `--store-password` of the control plane. The password itself is never on a command line. */
import { readFile } from 'node:fs/promises';
import { OperationError } from '@landfall/runtime';
import type { StoreLocation } from './store.ts';

/** Errors: OPTION_INVALID. Without a source of the password: `PGPASSWORD`, or a `.pgpass`, or none. */
export async function storeLocation(
  url: string | undefined,
  passwordSource: string | undefined,
): Promise<StoreLocation | undefined> {
  if (url === undefined) {
    if (passwordSource === undefined) return undefined;
    throw invalid('--store-password without --store');
  }
  if (!/^postgres(ql)?:\/\//.test(url)) throw invalid('--store is no postgres://USER@HOST/DATABASE');
  if (hasPassword(url)) {
    throw invalid('--store has a password in it, which everybody on this machine could read', {
      hint: 'leave it out, and name a file or a variable: --store-password file:PATH or env:NAME',
    });
  }
  return { url, password: passwordSource === undefined ? undefined : await readPassword(passwordSource) };
}

/** In the place of the password, or as a parameter. */
function hasPassword(url: string): boolean {
  return /^\w+:\/\/[^/?#]*:[^/?#]*@/.test(url) || /[?&]password=/i.test(url);
}

async function readPassword(source: string): Promise<string> {
  const [, kind, name = ''] = /^(file|env):(.+)$/s.exec(source) ?? [];
  if (kind === 'env') {
    const value = process.env[name];
    if (value !== undefined && value !== '') return value;
    throw invalid(`the variable ${name} of --store-password is not set`);
  }
  if (kind !== 'file') throw invalid('--store-password is neither file:PATH nor env:NAME');
  try {
    return (await readFile(name, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw invalid(`the file ${name} of --store-password cannot be read`, { cause });
  }
}

function invalid(
  message: string,
  more: { readonly hint?: string; readonly cause?: unknown } = {},
): OperationError {
  const hint = 'give it as --store postgres://USER@HOST/DATABASE; see docs/store.md';
  return new OperationError('OPTION_INVALID', message, { hint, ...more });
}
