/**
 * The built console as it lies on disk, listed once: only what was found then is ever read, so no path of a
 * request reaches the file system.
 */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { OperationError, systemErrorCode } from '@landfall/runtime';

export interface ConsoleFile {
  readonly contentType: string;
  /** Its name has the hash of its content: it never changes. */
  readonly isImmutable: boolean;
  /** By content coding; `identity` is always there. */
  readonly paths: ReadonlyMap<ContentCoding, string>;
}

export type ContentCoding = 'br' | 'gzip' | 'identity';
export type ConsolePages = ReadonlyMap<string, ConsoleFile>;

/** The page of every address that is no file. */
export const INDEX = 'index.html';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};
const CODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
  ['identity', ''],
] as const;

/** Errors: CONSOLE_NOT_BUILT. */
export async function listConsolePages(folder: string): Promise<ConsolePages> {
  const names = await listFiles(folder);
  const pages = new Map<string, ConsoleFile>();
  for (const name of names) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const codings = CODINGS.filter(([, ending]) => names.has(`${name}${ending}`));
    const paths = new Map(codings.map(([coding, ending]) => [coding, join(folder, `${name}${ending}`)]));
    pages.set(name, { contentType, isImmutable: name.startsWith('assets/'), paths });
  }
  if (pages.has(INDEX)) return pages;
  throw new OperationError('CONSOLE_NOT_BUILT', `there is no console in ${folder}`, {
    hint: 'npm run build -w apps/console',
  });
}

async function listFiles(folder: string): Promise<ReadonlySet<string>> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return new Set(files.map((entry) => relative(folder, join(entry.parentPath, entry.name))));
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return new Set();
    throw cause;
  }
}

export async function readConsoleFile(
  file: ConsoleFile,
  accepted: string,
): Promise<{ readonly coding: ContentCoding; readonly content: Buffer }> {
  const coding = (['br', 'gzip'] as const).find((one) => file.paths.has(one) && accepts(accepted, one));
  const chosen = coding ?? 'identity';
  return { coding: chosen, content: await readFile(file.paths.get(chosen) ?? '') };
}

/** RFC 9110: a coding is accepted when it is named without a weight of zero. */
function accepts(header: string, coding: string): boolean {
  return header
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .some((part) => part.split(';')[0]?.trim() === coding && !/;\s*q=0(\.0*)?$/.test(part));
}
