/** Every exit code of `landfall`, in one place; docs/cli.md lists them from here. */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** It ran to its end, and what it found is bad. */
export const EXIT_FOUND_BAD = 3;
/** Source: sysexits.h, EX_UNAVAILABLE; said by the launcher, which needs no Node. */
export const EXIT_RUNTIME_MISSING = 69;
/** 128 and the number of the signal, as shells say it. */
export const EXIT_INTERRUPTED = 130;
export const EXIT_PIPE_CLOSED = 141;
export const EXIT_TERMINATED = 143;

export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT_DONE, 'done'],
  [EXIT_FAILED, 'failed: standard error says what happened, why, and what to do next'],
  [
    EXIT_USAGE,
    'wrong usage: the command or one of its options is not as `--help` shows it; nothing was done',
  ],
  [EXIT_FOUND_BAD, 'ended, and what it found is bad: a benchmark missed its goal, or a journal is damaged'],
  [EXIT_RUNTIME_MISSING, 'there is no Node 24 or npm to run it with'],
  [EXIT_INTERRUPTED, 'Ctrl-C; what was waited for goes on, and the last line says how to follow it'],
  [EXIT_PIPE_CLOSED, 'the program that read the output has ended, as `head` does when it has seen enough'],
  [EXIT_TERMINATED, 'ended by SIGTERM; what was waited for goes on'],
];
