/** Whether the disks can be tracked, or at least scanned, on this kernel: by doing it, for a moment. */
import { silentLogger, systemClock } from '@landfall/runtime';
import type { KnownDisk } from './disk-mapping.ts';
import { openSource, SCAN_WARNING, trackingWarnings, whyScan } from './linux-source.ts';

/**
 * What a person installing should know, line by line. Errors: those of `openSource`, each with what to do.
 */
export async function checkCapture(
  disks: readonly KnownDisk[],
  scanMode: boolean,
): Promise<readonly string[]> {
  const options = { disks, scanMode, stateName: 'install-check', logger: silentLogger, clock: systemClock };
  await (await openSource(options)).close();
  const reason = await whyScan(scanMode);
  if (reason === undefined) {
    const warnings = trackingWarnings().map((warning) => `WARNING: ${warning}`);
    return ['The kernel can track them, and they can be read', ...warnings];
  }
  return [`They are replicated in scan mode: ${reason}`, `WARNING: ${SCAN_WARNING}`];
}
