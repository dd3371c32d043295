/** Unpacks an archive with the system's tar: it alone can set extended attributes and ACLs. */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OperationError } from '@landfall/runtime';

const ERROR_TAIL_CHARACTERS = 2000;
const ALWAYS = ['--extract', '--file=-', '--numeric-owner', '--delay-directory-restore'];
const AS_ROOT = ['--same-owner', '--preserve-permissions', '--xattrs', '--xattrs-include=*', '--acls'];
/** A setuid bit would lend the rights of whoever unpacks to a program of the guest. */
const AS_ANYBODY = ['--no-same-owner', '--no-same-permissions'];

/** Into an empty folder. Errors: TOOL_MISSING, FILES_TARGET_UNUSABLE, and those of the content. */
export async function unpackInto(
  folder: string,
  content: AsyncIterable<Uint8Array>,
  isRoot: boolean,
): Promise<void> {
  const rights = isRoot ? AS_ROOT : AS_ANYBODY;
  const child = spawn('tar', [...ALWAYS, ...rights, '--directory', folder], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-ERROR_TAIL_CHARACTERS);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(toolMissing(cause)));
    child.once('close', (exitCode) => resolve(exitCode));
  });
  const [fed, exit] = await Promise.allSettled([pipeline(Readable.from(content), child.stdin), ended]);
  if (exit.status === 'rejected') throw exit.reason;
  if (fed.status === 'rejected' && fed.reason instanceof OperationError) throw fed.reason;
  if (exit.value !== 0) throw unusable(folder, said.trim());
  if (fed.status === 'rejected') throw fed.reason;
}

function unusable(folder: string, said: string): OperationError {
  return new OperationError(
    'FILES_TARGET_UNUSABLE',
    `tar could not unpack everything into ${folder}: ${said}`,
    {
      hint: 'look at free space and permissions there, or save the archive with --tar',
    },
  );
}

function toolMissing(cause: Error): OperationError {
  return new OperationError('TOOL_MISSING', `cannot start tar: ${cause.message}`, {
    hint: 'install the package tar',
    cause,
  });
}
