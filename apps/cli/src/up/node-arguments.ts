/**
 * How Node is started for each of the programs of `landfall up`.
 *
 * The control plane's young generation is not limited, although V8 lets it grow to 128 MiB on a machine with
 * much memory: a limit of 32 MiB saved 30 of 1,090 MiB with 4,000 servers, and a page of 1,000 of them took
 * half as long again (docs/benchmarks.md).
 */
export const NODE_ARGUMENTS: readonly string[] = ['--disable-warning=ExperimentalWarning'];
