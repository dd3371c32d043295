/** What is timed of a launch, and what all machines of the benchmark have in common. */

export interface LaunchTimes {
  /** From the launch call until the service tells that the machine was started. */
  readonly toStartMs: number;
  /** From the launch call until the first HTTP 200. */
  readonly toAnswerMs: number;
  /** Whether a conversion that was kept has been used. */
  readonly wasPrepared: boolean;
}

export const BOOT_TIMEOUT_MS = 15 * 60_000;
/** Of the catalogue of machine sizes: two processors, as the guests of the matrix have. */
export const MACHINE_SIZE = 't3.micro';
export const MEMORY_MIB = 1024;
