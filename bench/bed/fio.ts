/** fio: the load, with direct I/O on the disk itself, and the peer of appending to a journal. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, run, runChecked } from '../../packages/runtime/src/index.ts';

export interface FioJob {
  readonly name: string;
  readonly device: string;
  readonly blockBytes: number;
  readonly queueDepth: number;
  /** Absent: as fast as it goes. */
  readonly writesPerSecond?: number;
  readonly seconds: number;
}

export interface FioResult {
  readonly writesPerSecond: number;
  readonly latencyP99Us: number;
}

interface FioOutput {
  readonly jobs: readonly {
    readonly error: number;
    readonly write: {
      readonly iops: number;
      readonly io_bytes: number;
      readonly bw_bytes: number;
      readonly clat_ns: { readonly percentile?: Readonly<Record<string, number>> };
    };
  }[];
}

/** Beyond its seconds, for start and end. */
const GRACE_MS = 60_000;
const APPEND_TIMEOUT_MS = 10 * 60_000;

/** Random writes for the given time. Its files are in `folder`, so that a killed benchmark's fio is found. */
export async function writeRandomly(folder: string, job: FioJob): Promise<FioResult> {
  const jobPath = join(folder, `${job.name}.fio`);
  const outputPath = join(folder, `${job.name}.json`);
  await writeFile(jobPath, jobFile(job));
  const argv = ['fio', '--output-format=json', `--output=${outputPath}`, `--aux-path=${folder}`, jobPath];
  const result = await run(argv, { timeoutMs: job.seconds * 1000 + GRACE_MS });
  const text = result.exitCode === 0 ? await readFile(outputPath, 'utf8') : '';
  // Warnings may stand before the document.
  const output = text.includes('{') ? (JSON.parse(text.slice(text.indexOf('{'))) as FioOutput) : undefined;
  const [first] = output?.jobs ?? [];
  if (first === undefined || first.error !== 0)
    throw new OperationError('BENCHMARK_FAILED', `fio failed: ${result.stderr.trim().slice(-1000)}`);
  const p99Ns = first.write.clat_ns.percentile?.['99.000000'] ?? Number.NaN;
  return { writesPerSecond: first.write.iops, latencyP99Us: p99Ns / 1000 };
}

export interface FioAppend {
  readonly path: string;
  readonly bytes: number;
  readonly blockBytes: number;
  /** An `fdatasync` after so many blocks. */
  readonly blocksPerSync: number;
}

/** One file written from front to back; resolves to bytes a second, the syncs included. */
export async function writeSequentially(folder: string, job: FioAppend): Promise<number> {
  const outputPath = join(folder, 'append.json');
  const { path, bytes, blockBytes, blocksPerSync } = job;
  const what = ['--name=append', '--rw=write', '--ioengine=psync', `--filename=${path}`, `--size=${bytes}`];
  const how = [`--bs=${blockBytes}`, `--fdatasync=${blocksPerSync}`, '--end_fsync=1'];
  const output = ['--output-format=json', `--output=${outputPath}`, `--aux-path=${folder}`];
  await runChecked(['fio', ...what, ...how, ...output], { timeoutMs: APPEND_TIMEOUT_MS });
  const text = await readFile(outputPath, 'utf8');
  const [first] = (JSON.parse(text.slice(text.indexOf('{'))) as FioOutput).jobs;
  const written = first?.write.io_bytes;
  if (first?.error !== 0 || written !== bytes)
    throw new OperationError('BENCHMARK_FAILED', `fio wrote ${written} of ${bytes} bytes`);
  return first.write.bw_bytes;
}

function jobFile({ device, blockBytes, queueDepth, writesPerSecond, seconds }: FioJob): string {
  const lines = [
    '[load]',
    `filename=${device}`,
    'rw=randwrite',
    'direct=1',
    `ioengine=${queueDepth === 1 ? 'psync' : 'libaio'}`,
    `bs=${blockBytes}`,
    `iodepth=${queueDepth}`,
    'norandommap',
    'randrepeat=0',
    'refill_buffers',
    'time_based',
    `runtime=${seconds}`,
    ...(writesPerSecond === undefined ? [] : [`rate_iops=${writesPerSecond}`]),
  ];
  return `${lines.join('\n')}\n`;
}
