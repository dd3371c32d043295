/**
 * Jobs and launches. Names: public MGN API. A failed launch is a COMPLETED job with a FAILED participating
 * server.
 */
export type JobType = 'LAUNCH' | 'TERMINATE';
export type JobStatus = 'PENDING' | 'STARTED' | 'COMPLETED';
export type InitiatedBy = 'START_TEST' | 'START_CUTOVER' | 'DIAGNOSTIC' | 'TERMINATE';
export type LaunchStatus = 'PENDING' | 'IN_PROGRESS' | 'LAUNCHED' | 'FAILED' | 'TERMINATED';

export const JOB_LOG_EVENTS = [
  'JOB_START',
  // Not of the public API, which has no proof before a cutover.
  'BOOT_PROOF_START',
  'BOOT_PROOF_END',
  'BOOT_PROOF_FAIL',
  'SERVER_SKIPPED',
  'CLEANUP_START',
  'CLEANUP_END',
  'CLEANUP_FAIL',
  'SNAPSHOT_START',
  'SNAPSHOT_END',
  'SNAPSHOT_FAIL',
  'USING_PREVIOUS_SNAPSHOT',
  'CONVERSION_START',
  'CONVERSION_END',
  'CONVERSION_FAIL',
  'LAUNCH_START',
  'LAUNCH_FAILED',
  'JOB_CANCEL',
  'JOB_END',
] as const;
export type JobLogEvent = (typeof JOB_LOG_EVENTS)[number];
