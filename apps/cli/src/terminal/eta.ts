/** When something that reads evenly will be done. */
export function etaMs({
  startedAtMs,
  nowMs,
  fraction,
}: {
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly fraction: number;
}): { readonly etaMs?: number } {
  const elapsedMs = nowMs - startedAtMs;
  return fraction <= 0 || elapsedMs <= 0
    ? {}
    : { etaMs: (elapsedMs / fraction) * (1 - Math.min(1, fraction)) };
}
