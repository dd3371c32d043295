/** A small Linux that does at its start what a converted guest does: it runs the scripts of its machine. */
import {
  type GuestScript,
  RUNNER_FOLDER,
  runnerScript,
} from '../packages/conversion/src/plan/post-launch-runner.ts';
import { makeSmallLinux, SMALL_LINUX_BYTES } from './small-linux.ts';

export const SCRIPTS_GUEST_BYTES = SMALL_LINUX_BYTES;

const SCRIPT = `mkdir -p ${RUNNER_FOLDER}
for disk in /sys/block/vd*; do echo "DISK \${disk##*/} $(cat "$disk/serial")"; done
sh /runner
echo "DONE"
`;

export async function makeScriptsGuest(folder: string): Promise<string> {
  const programs = { runner: runnerScript() };
  return await makeSmallLinux(folder, { modules: ['virtio_pci', 'virtio_blk'], programs, script: SCRIPT });
}

export const GUEST_SCRIPT: GuestScript = {
  ...{ actionId: 'action-1', name: 'hello', script: '#!/bin/sh\necho "$LANDFALL_PARAMETER_word"\n' },
  ...{ parameters: { word: "it's here" }, timeoutSeconds: 60, mustSucceed: true },
};
