/** A shell script in the place of a program, found first on PATH until the test ends. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/** The folder it is in. */
export async function fakeProgram(context: TestContext, name: string, script: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fake-program-'));
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${path}`;
  context.after(async () => {
    process.env.PATH = path;
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}
