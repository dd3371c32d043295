/**
 * A small Linux with a guest agent in it: it answers what comes over the agent's channel, as far as libvirt
 * and we ask. Source: QEMU, docs/interop/qemu-ga-ref, `guest-sync` and `guest-ping`.
 */
import { GUEST_AGENT_CHANNEL } from '../packages/launch/src/index.ts';
import { makeSmallLinux, SMALL_LINUX_BYTES } from './small-linux.ts';

export const AGENT_GUEST_BYTES = SMALL_LINUX_BYTES;

/** While nobody is connected, a read of the channel finds its end at once. */
const SCRIPT = `channel=
while [ -z "$channel" ]; do
  for port in /sys/class/virtio-ports/*; do
    if [ "$(cat "$port/name")" = ${GUEST_AGENT_CHANNEL} ]; then channel=/dev/\${port##*/}; fi
  done
done
exec 3<>"$channel"
echo "AGENT $channel"
while true; do
  if ! read -r asked <&3; then sleep 1; continue; fi
  case "$asked" in
    *guest-sync*) echo '{"return": '"$(echo "$asked" | sed 's/.*"id": *\\([0-9]*\\).*/\\1/')"'}' >&3 ;;
    *guest-ping*) echo '{"return": {}}' >&3 ;;
  esac
done
`;

export async function makeAgentGuest(folder: string): Promise<string> {
  return await makeSmallLinux(folder, { modules: ['virtio_pci', 'virtio_console'], script: SCRIPT });
}
