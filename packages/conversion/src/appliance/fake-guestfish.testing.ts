/**
 * A program that reads commands as guestfish does, found in its place on PATH, and answers them by rules. Of
 * guestfish it keeps what matters: lines are read by fgets, and `!` gives one to a shell.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/** Of the first rule whose pattern is in a command; without one it does well and prints nothing. */
export interface FakeAnswer {
  /** A regular expression. */
  readonly pattern: string;
  readonly output?: string;
  readonly error?: string;
  /** Written to the local file that the command names, its second path. */
  readonly content?: string;
  /** It never ends. */
  readonly hangs?: boolean;
  /** The whole program ends, without a word. */
  readonly dies?: boolean;
}

export interface FakeGuestfish {
  readonly folder: string;
  /** The lines it was given, without the marks; those for a shell begin with `!`. */
  lines(): Promise<string[]>;
}

const PROGRAM = `
import { appendFileSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
const [answersPath, linesPath] = process.argv.slice(2);
const answers = JSON.parse(readFileSync(answersPath, 'utf8'));
const FGETS_BYTES = 8191;
let buffered = Buffer.alloc(0);
const say = (fd, text) => text !== '' && writeSync(fd, text, null, 'latin1');

function nextLine() {
  for (;;) {
    const end = buffered.indexOf(10) + 1;
    const length = end > 0 ? Math.min(end, FGETS_BYTES) : FGETS_BYTES;
    if (end > 0 || buffered.length >= FGETS_BYTES) {
      const line = buffered.subarray(0, length).toString('latin1');
      buffered = buffered.subarray(length);
      return line.replace(/\\n$/, '');
    }
    const chunk = Buffer.alloc(65536);
    const count = readSync(0, chunk);
    if (count === 0) return undefined;
    buffered = Buffer.concat([buffered, chunk.subarray(0, count)]);
  }
}

for (let line = nextLine(); line !== undefined; line = nextLine()) {
  if (line.startsWith('echo ')) say(1, line.slice(5) + '\\n');
  else if (line.startsWith('-@@')) say(2, line.slice(1) + ': unknown command\\n');
  else {
    appendFileSync(linesPath, line + '\\n', 'latin1');
    const answer = answers.find(({ pattern }) => new RegExp(pattern).test(line)) ?? {};
    const local = line.match(/"[^"]*"/g)?.[1]?.slice(1, -1);
    if (answer.content !== undefined) writeFileSync(local, answer.content, 'latin1');
    if (answer.dies) process.exit(1);
    if (answer.hangs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    say(1, answer.output ?? '');
    if (answer.error !== undefined) say(2, 'libguestfs: error: ' + answer.error + '\\n');
  }
}
`;

/** Until the test ends. */
export async function fakeGuestfish(
  context: TestContext,
  answers: readonly FakeAnswer[] = [],
): Promise<FakeGuestfish> {
  const folder = await mkdtemp(join(tmpdir(), 'fake-guestfish-'));
  const [program, answersPath, linesPath] = ['program.mjs', 'answers', 'lines'].map((name) =>
    join(folder, name),
  );
  await writeFile(program ?? '', PROGRAM);
  await writeFile(answersPath ?? '', JSON.stringify(answers));
  await writeFile(linesPath ?? '', '');
  const argv = [process.execPath, program, answersPath, linesPath].map((word) => `'${word}'`);
  await writeFile(join(folder, 'guestfish'), `#!/bin/sh\nexec ${argv.join(' ')}\n`);
  await chmod(join(folder, 'guestfish'), 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${path}`;
  context.after(async () => {
    process.env.PATH = path;
    await rm(folder, { recursive: true, force: true });
  });
  const lines = async () => (await readFile(linesPath ?? '', 'latin1')).split('\n').slice(0, -1);
  return { folder, lines };
}
