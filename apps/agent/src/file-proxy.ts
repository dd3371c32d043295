/**
 * Which proxy the agent goes through: `proxy.json` in the state folder, mode 0600 because it may hold a
 * password. The running agent reads it at every new connection, so that a change takes effect without a
 * restart, which would cost a comparison of whole disks.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createDial,
  type Dial,
  type Environment,
  ensureFolder,
  exceptionsFromEnvironment,
  OperationError,
  type ProxySettings,
  parseProxy,
  proxyFromEnvironment,
  readIfExists,
  syncFolder,
  writeDurably,
} from '@landfall/runtime';

const FILE_NAME = 'proxy.json';
/** What `--proxy` says to go straight. */
const NO_PROXY_WORD = 'none';

/**
 * What an installation goes through: what its command line says, else its environment, else what an earlier
 * one had. Errors: PROXY_INVALID, STATE_UNREADABLE.
 */
export async function chooseProxy(
  stateFolder: string,
  option: string | undefined,
  environment: Environment,
): Promise<ProxySettings | undefined> {
  if (option !== undefined) return proxyFromOption(stateFolder, option, environment);
  return proxyFromEnvironment(environment) ?? (await readProxy(stateFolder));
}

/**
 * What `--proxy` says. NO_PROXY holds for it too, as with curl; where it is not set, the exceptions of before
 * stay. Errors: PROXY_INVALID.
 */
export async function proxyFromOption(
  stateFolder: string,
  option: string,
  environment: Environment,
): Promise<ProxySettings | undefined> {
  if (option.trim() === NO_PROXY_WORD) return undefined;
  const isSet = (environment.no_proxy ?? environment.NO_PROXY) !== undefined;
  const kept = isSet ? exceptionsFromEnvironment(environment) : await exceptionsOfBefore(stateFolder);
  return parseProxy(option, kept);
}

/** None of a damaged file: it is about to be replaced, which is its remedy. */
async function exceptionsOfBefore(stateFolder: string): Promise<readonly string[]> {
  try {
    return (await readProxy(stateFolder))?.exceptions ?? [];
  } catch (error) {
    if (error instanceof OperationError && error.code === 'STATE_UNREADABLE') return [];
    throw error;
  }
}

/** Errors: STATE_UNREADABLE. */
export async function readProxy(stateFolder: string): Promise<ProxySettings | undefined> {
  const path = join(stateFolder, FILE_NAME);
  const text = await readIfExists(path);
  if (text === undefined) return undefined;
  try {
    const { host, port, user, password, exceptions }: Partial<ProxySettings> = JSON.parse(text);
    if (typeof host === 'string' && typeof port === 'number' && Array.isArray(exceptions))
      return { host, port, ...(user === undefined ? {} : { user, password: password ?? '' }), exceptions };
  } catch {
    // The parser would quote the text, which holds the password.
    throw unreadable(path);
  }
  throw unreadable(path);
}

export async function writeProxy(stateFolder: string, proxy: ProxySettings | undefined): Promise<void> {
  await ensureFolder(stateFolder);
  const path = join(stateFolder, FILE_NAME);
  if (proxy !== undefined) return writeDurably(path, `${JSON.stringify(proxy, null, 2)}\n`, 0o600);
  await rm(path, { force: true });
  await syncFolder(stateFolder);
}

/** Every connection by what the file says then. */
export function dialByProxyFile(stateFolder: string): Dial {
  return createDial(() => readProxy(stateFolder));
}

function unreadable(path: string): OperationError {
  return new OperationError('STATE_UNREADABLE', `${path} is damaged`, {
    hint: 'set it again: `landfall-agent configure --proxy http://host:port`, or `--proxy none`',
    retryable: true,
  });
}
