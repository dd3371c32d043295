/**
 * Which HTTP proxy a connection goes through, if any: what people write (`--proxy`, HTTPS_PROXY, NO_PROXY) as
 * facts. The forms are those of curl, so that one environment serves both; a proxy that is itself reached by
 * TLS, and SOCKS, are refused by name. A password is in `ProxySettings` alone: what is shown or logged comes
 * from `describeProxy`.
 */
import { BlockList, isIP } from 'node:net';
import { OperationError } from './operation-error.ts';

export interface ProxySettings {
  /** Host name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  /** Entries of NO_PROXY: what is reached without the proxy. */
  readonly exceptions: readonly string[];
}

export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
}

const PORT_DEFAULT = 80;

/** `[http://][user:password@]host[:port]`. Errors: PROXY_INVALID, which never repeats a password. */
export function parseProxy(text: string, exceptions: readonly string[] = []): ProxySettings {
  const trimmed = text.trim();
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  if (!URL.canParse(full)) throw invalid('it is not an address');
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(full);
  if (protocol !== 'http:') throw invalid(`${protocol}// is not supported`);
  if (hostname === '' || pathname !== '/' || search !== '' || hash !== '')
    throw invalid('it is not just a host and a port');
  const user = username === '' && password === '' ? undefined : decoded(username);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? PORT_DEFAULT : Number(port),
    ...(user === undefined ? {} : { user, password: decoded(password) }),
    exceptions,
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What HTTPS_PROXY and NO_PROXY say; lower case comes first, as for curl. Errors: PROXY_INVALID. */
export function proxyFromEnvironment(environment: Environment): ProxySettings | undefined {
  const text = (environment.https_proxy ?? environment.HTTPS_PROXY ?? '').trim();
  return text === '' ? undefined : parseProxy(text, exceptionsFromEnvironment(environment));
}

export function exceptionsFromEnvironment(environment: Environment): readonly string[] {
  return parseExceptions(environment.no_proxy ?? environment.NO_PROXY ?? '');
}

export function parseExceptions(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== '');
}

/** For people and logs: without the password. */
export function describeProxy({ host, port, user }: ProxySettings): string {
  const place = `http://${authority({ host, port })}`;
  return user === undefined ? place : `${place} as ${JSON.stringify(user)}`;
}

/** `host:port`, an IPv6 address in brackets. */
export function authority({ host, port }: ConnectionTarget): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/**
 * Whether an exception covers the target: `*`, a domain with all below it, an address, a block of addresses
 * (`10.0.0.0/8`), each with or without `:port`. Names are not looked up.
 */
export function bypassesProxy(exceptions: readonly string[], target: ConnectionTarget): boolean {
  return exceptions.some((entry) => covers(entry, target));
}

function covers(entry: string, target: ConnectionTarget): boolean {
  if (entry === '*') return true;
  const { name, port } = splitPort(entry);
  if (port !== undefined && port !== target.port) return false;
  const host = target.host.toLowerCase().replace(/\.$/, '');
  if (isIP(host) !== 0) return coversAddress(name, host);
  const domain = name.toLowerCase().replace(/^\*?\./, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

function splitPort(entry: string): { readonly name: string; readonly port: number | undefined } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry);
  const plain = /^([^:]+):(\d+)$/.exec(entry);
  const [, name = entry, port] = bracketed ?? plain ?? [];
  return { name, port: port === undefined ? undefined : Number(port) };
}

function coversAddress(name: string, address: string): boolean {
  const [network = '', prefix] = name.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  const bits = prefix === undefined ? undefined : Number(prefix);
  const bitsMax = family === 'ipv6' ? 128 : 32;
  if (isIP(network) === 0 || isIP(network) !== isIP(address)) return false;
  if (bits !== undefined && !(Number.isInteger(bits) && bits >= 0 && bits <= bitsMax)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits ?? bitsMax, family);
  return list.check(address, family);
}

function decoded(text: string): string {
  try {
    const plain = decodeURIComponent(text);
    if (!hasControlCharacters(plain)) return plain;
  } catch (cause) {
    throw invalid('its user or password is not well encoded', cause);
  }
  throw invalid('its user or password has control characters');
}

function hasControlCharacters(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\u007f');
}

function invalid(why: string, cause?: unknown): OperationError {
  return new OperationError('PROXY_INVALID', `this proxy cannot be used: ${why}`, {
    hint: 'give it as http://[user:password@]host:port, special characters of a password as %XX',
    cause,
  });
}
