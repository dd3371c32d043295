/**
 * A program started by `landfall up` ends when that does, also after kill -9: its standard input is a pipe
 * that closes.
 */
export const SUPERVISED_VARIABLE = 'LANDFALL_SUPERVISED';

/** Resolves at SIGTERM, SIGINT, or the end of the supervisor. Programs clean up after it and end. */
export function terminationRequest(): Promise<string> {
  return new Promise((resolve) => {
    const request = (why: string) => {
      // An open standard input would keep the program alive after its clean-up.
      process.stdin.destroy();
      resolve(why);
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => request(signal));
    if (process.env[SUPERVISED_VARIABLE] === undefined) return;
    process.stdin.on('error', () => request('supervisor'));
    process.stdin.on('close', () => request('supervisor'));
    process.stdin.resume();
  });
}
