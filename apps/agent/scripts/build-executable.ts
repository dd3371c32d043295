/**
 * Builds the agent as one executable file: esbuild bundle -> single-executable blob -> injected into a copy
 * of this very Node binary. Run by `node build-executable.ts OUT_FOLDER`; leaves `landfall-agent-linux-x64`
 * and its `.gz` there.
 *
 * Everything is in the one bundle, because a single-executable application can load no file of its own. The
 * result is kept with a key of all that goes into it (bundle, Node version, this script) and is not built
 * again while that stays.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { describeError, OperationError, readIfExists, run, runChecked } from '@landfall/runtime';
import { build } from 'esbuild';

const NAME = `landfall-agent-linux-${process.arch}`;
const GZIP_LEVEL = 6;
const STEP_TIMEOUT_MS = 300_000;
/**
 * What marks the place for the blob in every Node binary; source: Node's documentation of single-executable
 * applications.
 */
const SENTINEL_FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/**
 * V8 flags of the agent: it holds bitmaps and buffers outside the JavaScript heap, which may stay small, and
 * so may the space for what is young (MiB; 16 by default, of which up to three are resident).
 */
const EXEC_ARGV = ['--max-old-space-size=512', '--max-semi-space-size=4'];

async function buildExecutable(outFolder: string, force: boolean): Promise<void> {
  await mkdir(outFolder, { recursive: true });
  const bundle = await bundleAgent();
  const key = await keyOf(bundle);
  if (!force && (await isCurrent(outFolder, key))) return say(`${NAME} is current`);
  const work = await mkdtemp(join(outFolder, '.build-'));
  try {
    const executable = await assemble(work, bundle);
    await checkRuns(executable);
    const compressed = `${executable}.gz`;
    await pipeline(
      createReadStream(executable),
      createGzip({ level: GZIP_LEVEL }),
      createWriteStream(compressed),
    );
    await rename(compressed, join(outFolder, `${NAME}.gz`));
    await rename(executable, join(outFolder, NAME));
    await writeFile(keyPath(outFolder), key);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  say(`${NAME} is built`);
}

async function bundleAgent(): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, '../src/main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    write: false,
    legalComments: 'none',
    logLevel: 'warning',
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new OperationError('TOOL_FAILED', 'esbuild wrote no bundle');
  return file.text;
}

async function keyOf(bundle: string): Promise<string> {
  const hash = createHash('sha256');
  hash.update(bundle).update(process.version).update(process.arch);
  hash.update(await readFile(import.meta.filename));
  return hash.digest('hex');
}

async function isCurrent(outFolder: string, key: string): Promise<boolean> {
  if ((await readIfExists(keyPath(outFolder))) !== key) return false;
  return (await exists(join(outFolder, NAME))) && (await exists(join(outFolder, `${NAME}.gz`)));
}

function keyPath(outFolder: string): string {
  return join(outFolder, `${NAME}.key`);
}

async function assemble(work: string, bundle: string): Promise<string> {
  const main = join(work, 'agent.cjs');
  const config = join(work, 'sea.json');
  const blob = join(work, 'agent.blob');
  const executable = join(work, NAME);
  await writeFile(main, bundle);
  const options = { disableExperimentalSEAWarning: true, useSnapshot: false, useCodeCache: true };
  const flags = { execArgv: EXEC_ARGV, execArgvExtension: 'none' };
  await writeFile(config, JSON.stringify({ main, output: blob, ...options, ...flags }));
  const limits = { timeoutMs: STEP_TIMEOUT_MS };
  await runChecked([process.execPath, '--experimental-sea-config', config], limits);
  await copyFile(process.execPath, executable);
  await chmod(executable, 0o755);
  await stripDebugInformation(executable);
  const postject = join(import.meta.dirname, '../../../node_modules/postject/dist/cli.js');
  const inject = [process.execPath, postject, executable, 'NODE_SEA_BLOB', blob];
  await runChecked([...inject, '--sentinel-fuse', SENTINEL_FUSE], limits);
  return executable;
}

/**
 * Before the blob goes in, because strip would not know what to do with it. Without the tool the file is only
 * larger.
 */
async function stripDebugInformation(executable: string): Promise<void> {
  try {
    const result = await run(['strip', '--strip-all', executable], { timeoutMs: STEP_TIMEOUT_MS });
    if (result.exitCode !== 0) say(`strip failed, the executable stays larger: ${result.stderr.trim()}`);
  } catch (error) {
    say(`the executable stays larger: ${describeError(error)}`);
  }
}

async function checkRuns(executable: string): Promise<void> {
  const result = await runChecked([executable, 'version']);
  if (!/^landfall-agent \d+\./.test(result.stdout)) {
    throw new OperationError('TOOL_FAILED', `the built agent says ${result.stdout} instead of its version`);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { force: { type: 'boolean', default: false } },
});
const [outFolder] = positionals;
if (outFolder === undefined) {
  process.stderr.write('usage: node build-executable.ts OUT_FOLDER [--force]\n');
  process.exitCode = 2;
} else {
  await buildExecutable(outFolder, values.force);
}
