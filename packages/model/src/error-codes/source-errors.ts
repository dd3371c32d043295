/** What goes wrong on a source server: agent, tracking, disks. Sorted by code. */
import type { ErrorEntry } from './error-entry.ts';

export const SOURCE_ERRORS = {
  AGENT_NOT_RUNNING: {
    meaning: 'The replication agent is not running on this server.',
    remedy: 'Start it with `systemctl start landfall-agent`, or install it.',
  },
  CAPTURE_STOPPED: {
    meaning: 'The capture engine was stopped while something was asked of it.',
    remedy: 'Nothing to do when the agent is shutting down; otherwise restart the agent and report its log.',
  },
  CHECKPOINT_DAMAGED: {
    meaning:
      'The note an earlier run of the agent left of what had changed cannot be read, or is of another version.',
    remedy: 'Nothing: the disks are compared with their replica instead.',
  },
  CHECKPOINT_IMPOSSIBLE: {
    meaning:
      'The agent cannot note what has changed now, so a restart at this moment would need a comparison.',
    remedy: 'Nothing: it is tried again every few seconds; the message says what it waits for.',
  },
  DISK_NOT_FOUND: {
    meaning: 'A disk that should be replicated is not there.',
    remedy: 'List the disks of the machine with lsblk and name one of them.',
  },
  DISK_NOT_TRACKABLE: {
    meaning:
      'The kernel shows no changes of this device: it is a partition, stacked, bio-based, zoned or DAX.',
    remedy: 'Name the whole disks below it, as the message says, or leave it out.',
  },
  DISK_UNREADABLE: {
    meaning: 'A source disk cannot be opened or read.',
    remedy:
      'Check that it is still attached and healthy (dmesg) and that the agent runs as root; replication goes on by itself.',
  },
  DISK_VANISHED: {
    meaning: 'A disk of a source server is no longer there.',
    remedy: 'Attach it again, and replication goes on; or install the agent again without it.',
  },
  FREEZE_FAILED: {
    meaning: 'The file systems of the scanned disks were not frozen, so the scan gives no cut for now.',
    remedy:
      'Look at the reason; ext4, XFS and btrfs can be frozen. Without `--freeze` a scan never freezes anything.',
  },
  IDENTITY_OF_OTHER_MACHINE: {
    meaning: 'The agent on a disk was installed on another machine: the server is a copy.',
    remedy: 'Install the agent there with a new token, or uninstall it.',
  },
  LOCKDOWN_CONFIDENTIALITY: {
    meaning: 'The kernel is locked down in confidentiality mode, which forbids tracing.',
    remedy: 'Boot with lockdown=integrity, which is enough for Secure Boot, or without lockdown.',
  },
  NOT_INSTALLED: {
    meaning: 'The replication agent is not installed on this server.',
    remedy: 'Run `landfall-agent install --token TOKEN`.',
  },
  OPTION_INVALID: {
    meaning: 'An option on the command line is missing or not valid.',
    remedy: 'Read the usage line in the message.',
  },
  RETENTION_DROPS_POINTS: {
    meaning: 'What is to be kept from now on is less than what is kept: recovery points would be dropped.',
    remedy:
      'See with `landfall retention preview` what would go, and say `--yes` if it may; pin what shall stay.',
  },
  PLATFORM_UNSUPPORTED: {
    meaning: 'The agent does not run on this kind of system.',
    remedy: 'Use the agent of that system.',
  },
  REPLICATION_NOT_RUNNING: {
    meaning: 'A recovery point was asked for while the server is not being replicated.',
    remedy: 'See `landfall-agent status` on the source server.',
  },
  SERVICE_NOT_STARTED: {
    meaning: 'systemd did not start the agent.',
    remedy: 'See `systemctl status landfall-agent` and `journalctl -u landfall-agent`.',
  },
  THAW_FAILED: {
    meaning: 'A file system that the agent froze could not be thawed: whoever writes to it waits.',
    remedy: 'Thaw it with `fsfreeze --unfreeze MOUNTPOINT`; if that does not answer, restart the server.',
  },
  TOOL_FAILED: {
    meaning: 'An external tool ended with an error.',
    remedy: 'Read the end of its output in the message.',
  },
  TRACEFS_UNAVAILABLE: {
    meaning: "The kernel's tracing cannot be used, so changes of disks cannot be tracked.",
    remedy: 'Run the agent as root, on the machine itself or with /sys/kernel/tracing mounted and writable.',
  },
  TRACE_DAMAGED: {
    meaning: "A page of the kernel's trace buffer makes no sense.",
    remedy:
      'The agent starts its tracking anew and compares everything; report the kernel version if it happens again.',
  },
  TRACE_FORMAT_UNKNOWN: {
    meaning: 'The kernel describes its block events in a way the agent does not understand.',
    remedy: 'Report the kernel version and the files /sys/kernel/tracing/events/block/*/format.',
  },
} as const satisfies Record<string, ErrorEntry>;
