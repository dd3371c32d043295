/**
 * Structured log lines on standard error: one JSON object a line. An event is a short kebab-case noun
 * phrase.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface LoggerOptions {
  readonly program: string;
  readonly level?: LogLevel;
  readonly write?: (line: string) => void;
  readonly nowMs?: () => number;
}

export function createLogger(options: LoggerOptions, base: LogFields = {}): Logger {
  const { program, level = 'info', write = (line) => process.stderr.write(line), nowMs = Date.now } = options;
  const emit = (lineLevel: LogLevel, event: string, fields: LogFields = {}) => {
    if (LEVELS.indexOf(lineLevel) < LEVELS.indexOf(level)) return;
    const time = new Date(nowMs()).toISOString();
    write(`${JSON.stringify({ time, level: lineLevel, program, event, ...base, ...plainFields(fields) })}\n`);
  };
  return {
    debug: (event, fields) => emit('debug', event, fields),
    info: (event, fields) => emit('info', event, fields),
    warn: (event, fields) => emit('warn', event, fields),
    error: (event, fields) => emit('error', event, fields),
    with: (fields) => createLogger(options, { ...base, ...fields }),
  };
}

/** A logger that says nothing, for tests. */
export const silentLogger: Logger = createLogger({ program: 'silent', write: () => undefined });

function plainFields(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  const extra = 'code' in value ? { code: value.code } : {};
  const cause = value.cause === undefined ? {} : { cause: plainValue(value.cause) };
  return { message: value.message, ...extra, ...cause };
}
