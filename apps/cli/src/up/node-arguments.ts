/** How Node is started for each of the programs of `landfall up`. */

/** MiB of each half of the young generation. */
const CONTROL_PLANE_SEMI_SPACE_MIB = 16;

/**
 * On a machine with much memory V8 lets the young generation grow to 128 MiB. What the control plane makes is
 * mostly garbage within a request, of which thousands of programs make much: it took all of that, and nothing
 * was gained. The limit is fixed when the heap is made, so a program cannot set it for itself.
 */
export function nodeArguments(program: string): readonly string[] {
  const warnings = '--disable-warning=ExperimentalWarning';
  if (program !== 'control-plane') return [warnings];
  return [warnings, `--max-semi-space-size=${CONTROL_PLANE_SEMI_SPACE_MIB}`];
}
