/** Whether the disks can be tracked and read on this kernel: by doing it, for a moment. */
import { openCapture } from '@landfall/capture';
import { silentLogger } from '@landfall/runtime';

/** Errors: those of `openCapture`, each with what to do. */
export async function checkTracking(devices: readonly string[]): Promise<void> {
  const engine = await openCapture({ devices, stateName: 'install-check', logger: silentLogger });
  try {
    await engine.start();
  } finally {
    await engine.stop();
  }
}
