/** A program started by `landfall up` ends when that does, also after kill -9: its standard input is a pipe that closes. */
export const SUPERVISED_VARIABLE = 'LANDFALL_SUPERVISED';

/** Resolves at SIGTERM, SIGINT, or the end of the supervisor. Programs clean up after it and end. */
export function terminationRequest(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    if (process.env[SUPERVISED_VARIABLE] === undefined) return;
    process.stdin.on('error', () => resolve('supervisor'));
    process.stdin.on('close', () => resolve('supervisor'));
    process.stdin.resume();
  });
}
