/** What goes wrong between recovery points and image files. Sorted by code. */
import type { ErrorEntry } from './error-entry.ts';

export const IMAGE_ERRORS = {
  DISK_UNKNOWN: {
    meaning: 'A server has, or had at that recovery point, no disk of that name.',
    remedy: 'Name one of the disks that the message lists.',
  },
  EXPORT_FAILED: {
    meaning: 'qemu-img could not write a disk to an image file; nothing is left of the export.',
    remedy: 'Mend what the message says, then export again.',
  },
  EXPORT_FOLDER_UNUSABLE: {
    meaning: 'The folder that images are to be written to is not there, or may not be written.',
    remedy: 'Name a folder that exists and may be written.',
  },
  EXPORT_NO_SPACE: {
    meaning: 'The images do not fit into the folder they are to be written to.',
    remedy: 'Free space there, or export to another folder, fewer disks, or with --compress.',
  },
  EXPORT_TARGET_EXISTS: {
    meaning: 'An image is there already, or another export is writing it. Nothing is overwritten.',
    remedy:
      'Remove it, or export to another folder. If an export was killed, remove the file ending in .partial.',
  },
  IMAGE_COPY_STOPPED: {
    meaning: 'An export or import was ended before it was complete.',
    remedy: 'Run the same command again: it begins anew.',
  },
  IMAGE_TOO_LARGE: {
    meaning: 'An image is larger than the disk it is said to be of.',
    remedy:
      'Check that it is an image of that disk. If only its end was rounded up: `qemu-img resize --shrink`.',
  },
  IMAGE_UNSUITABLE: {
    meaning:
      'A file is no disk image that can be imported: unreadable, of another format, or one of several files.',
    remedy: 'Make a whole image in raw, qcow2, VMDK or VHDX of it with `qemu-img convert`.',
  },
  IMPORT_FAILED: {
    meaning: 'qemu-img could not write an image to a staging disk.',
    remedy:
      'Mend what the message says and import again. The first copy sends over the network what is missing.',
  },
  REPLICATION_SERVER_ELSEWHERE: {
    meaning: 'Images are copied on the machine of the replication server, and this is another.',
    remedy: 'Run the command there, as root.',
  },
  SEED_ENDED: {
    meaning: 'Disks are not filled from an image any more, although whoever does it thinks so.',
    remedy: 'Import the images again; nothing else is harmed.',
  },
  SEED_OPEN: {
    meaning: 'The replica of a server is being filled from an image.',
    remedy: 'Nothing: the agent connects by itself when that has ended. Another import is to wait for it.',
  },
  SEED_TOO_LATE: {
    meaning: 'An image was to be imported for a server that has recovery points already.',
    remedy: 'Nothing: only what changes is sent from now on. To begin anew, disconnect the server first.',
  },
  SEED_UNREADABLE: {
    meaning: 'A disk that is being filled from an image was to be read.',
    remedy: 'Only write it; read a recovery point once the first copy is complete.',
  },
} as const satisfies Record<string, ErrorEntry>;
