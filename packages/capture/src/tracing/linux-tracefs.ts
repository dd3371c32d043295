/**
 * Our own instance of the kernel's tracing: /sys/kernel/tracing/instances/landfall-STATE-N-PID-STARTTIME.
 * Instances do not end with the process that made them, so the name says whose it is; those of dead processes
 * are removed at start. Order of preparation: clock, one equal size for all CPUs, filters, enables (complete,
 * requeue, issue: a write must not be seen to begin whose end could be missed). Nothing is resized
 * afterwards. `trace` is never opened: on old kernels that stops recording (kernel-tracing.md, requirements
 * 24–39).
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { type Logger, OperationError, processStart, runChecked, systemErrorCode } from '@landfall/runtime';
import type { BlockEventFormats } from './block-event.ts';
import { type PageLayout, parsePageLayout } from './ring-buffer-page.ts';
import { parseEventFormat, type TraceEventFormat } from './trace-format.ts';
import { cannotTrace, type TracingFacts, whyNoTracing } from './tracing-readiness.ts';

export const TRACEFS = '/sys/kernel/tracing';
export const INSTANCES = `${TRACEFS}/instances`;
/** In the order they are enabled. */
export const EVENTS = ['block_rq_complete', 'block_rq_requeue', 'block_rq_issue'] as const;

const REAL_ROOTS = {
  tracefs: TRACEFS,
  lockdown: '/sys/kernel/security/lockdown',
  fileSystems: '/proc/filesystems',
  clockOffsets: '/proc/self/timens_offsets',
};

/** Mounts tracefs where it is absent. Errors: LOCKDOWN_CONFIDENTIALITY, TRACEFS_UNAVAILABLE. */
export async function ensureTracefs(): Promise<void> {
  const refusal = await tracingRefusal();
  if (refusal !== undefined) throw refusal;
}

/** Why the kernel does not let disks be tracked; `undefined`: it does. Mounts tracefs where it is absent. */
export async function tracingRefusal(): Promise<OperationError | undefined> {
  const facts = readTracingFacts();
  if (facts.isMounted || !facts.knowsTracefs) return whyNoTracing(facts);
  const mountFailure = await mountTracefs();
  return whyNoTracing({ ...readTracingFacts(), ...(mountFailure === undefined ? {} : { mountFailure }) });
}

export function readTracingFacts(roots = REAL_ROOTS): TracingFacts {
  const lockdown = readIfExists(roots.lockdown)?.trim();
  return {
    ...(lockdown === undefined ? {} : { lockdown }),
    knowsTracefs: readIfExists(roots.fileSystems)?.includes('tracefs') === true,
    isMounted: existsSync(`${roots.tracefs}/instances`),
    isWritable: isWritable(`${roots.tracefs}/instances`),
    isClockShifted: isShifted(readIfExists(roots.clockOffsets) ?? ''),
    hasBlockEvents: ['block_rq_issue', 'block_rq_complete'].every((event) =>
      existsSync(`${roots.tracefs}/events/block/${event}`),
    ),
  };
}

export interface TraceInstanceOptions {
  /** Names the agent's state: lower-case letters, digits and dashes. */
  readonly stateName: string;
  readonly kernelDevices: readonly number[];
  readonly bufferKibPerCpu: number;
}

export interface TraceInstance {
  readonly folder: string;
  readonly cpuFolders: readonly string[];
  readonly pageLayout: PageLayout;
  readonly formats: BlockEventFormats;
  readonly markerFormat: TraceEventFormat;
  /** What of the settings is not as it was made, `undefined` when all is. */
  alteration(): string | undefined;
  /**
   * Every reader of it must be closed before. Errors: EBUSY when somebody else reads it; it records no more
   * then.
   */
  remove(): void;
}

/**
 * Each instance of this process has its own name: an old one may still be read by somebody when a new one is
 * made.
 */
let instanceCount = 0;

/** Makes the instance and begins to record. Errors: TRACEFS_UNAVAILABLE, TRACE_FORMAT_UNKNOWN. */
export function createTraceInstance(options: TraceInstanceOptions): TraceInstance {
  instanceCount += 1;
  const folder = `${INSTANCES}/${nameOf(options.stateName, process.pid)}`;
  try {
    mkdirSync(folder);
  } catch (cause) {
    throw cannotTrace(`${folder} cannot be made: ${messageOf(cause)}`, cause);
  }
  try {
    return prepareInstance(folder, options);
  } catch (error) {
    rmdirSync(folder);
    if (error instanceof OperationError) throw error;
    throw cannotTrace(messageOf(error), error);
  }
}

/**
 * Removes the instances of agents that are gone (killed, crashed). One still read by somebody is left alone.
 */
export function removeStaleInstances(logger: Logger): void {
  for (const name of readdirSync(INSTANCES)) {
    const [, pid, startTime] = /^landfall-.*-(\d+)-(\d+)$/.exec(name) ?? [];
    if (pid === undefined || processStart(Number(pid)) === startTime) continue;
    try {
      rmdirSync(`${INSTANCES}/${name}`);
      logger.info('stale-trace-instance-removed', { name });
    } catch (error) {
      logger.warn('stale-trace-instance-busy', { name, error });
    }
  }
}

function prepareInstance(folder: string, options: TraceInstanceOptions): TraceInstance {
  const events = EVENTS.filter(
    (event) => event !== 'block_rq_requeue' || existsSync(eventFolder(folder, event)),
  );
  const filter = options.kernelDevices.map((device) => `dev == ${device}`).join(' || ');
  writeFileSync(`${folder}/tracing_on`, '0');
  writeFileSync(`${folder}/options/overwrite`, '1');
  writeFileSync(`${folder}/trace_clock`, 'mono');
  writeFileSync(`${folder}/buffer_size_kb`, String(options.bufferKibPerCpu));
  for (const event of events) writeFileSync(`${eventFolder(folder, event)}/filter`, filter);
  writeFileSync(`${folder}/tracing_on`, '1');
  for (const event of events) writeFileSync(`${eventFolder(folder, event)}/enable`, '1');
  const watched = [
    'tracing_on',
    'tracing_cpumask',
    'trace_clock',
    'options/overwrite',
    'buffer_size_kb',
  ].concat(events.flatMap((event) => [`events/block/${event}/filter`, `events/block/${event}/enable`]));
  const readAll = () => watched.map((path) => readFileSync(`${folder}/${path}`, 'utf8'));
  const made = readAll();
  return {
    folder,
    cpuFolders: readdirSync(`${folder}/per_cpu`).map((cpu) => `${folder}/per_cpu/${cpu}`),
    pageLayout: parsePageLayout(readFileSync(`${folder}/events/header_page`, 'utf8')),
    formats: readFormats(folder),
    markerFormat: parseEventFormat(readFileSync(`${TRACEFS}/events/ftrace/print/format`, 'utf8')),
    alteration: () => {
      const now = readAll();
      const index = now.findIndex((text, at) => text !== made[at]);
      return index < 0 ? undefined : `${watched[index]} was changed to ${now[index]?.trim()}`;
    },
    remove: () => {
      writeFileSync(`${folder}/tracing_on`, '0');
      rmdirSync(folder);
    },
  };
}

export function readFormats(folder: string): BlockEventFormats {
  const format = (event: string) => readFileSync(`${eventFolder(folder, event)}/format`, 'utf8');
  const hasRequeue = existsSync(eventFolder(folder, 'block_rq_requeue'));
  return {
    issue: parseEventFormat(format('block_rq_issue')),
    complete: parseEventFormat(format('block_rq_complete')),
    ...(hasRequeue ? { requeue: parseEventFormat(format('block_rq_requeue')) } : {}),
  };
}

export function eventFolder(folder: string, event: string): string {
  return `${folder}/events/block/${event}`;
}

function nameOf(stateName: string, pid: number): string {
  return `landfall-${stateName}-${instanceCount}-${pid}-${processStart(pid)}`;
}

/** Resolves to why it could not. */
async function mountTracefs(): Promise<string | undefined> {
  try {
    await runChecked(['mount', '-t', 'tracefs', 'tracefs', TRACEFS]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

/** kernel-tracing.md, requirement 36: the trace clock does not know of time namespaces. */
function isShifted(offsets: string): boolean {
  const [, seconds = '0', nanoseconds = '0'] = /^monotonic\s+(\S+)\s+(\S+)$/m.exec(offsets) ?? [];
  return Number(seconds) !== 0 || Number(nanoseconds) !== 0;
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
