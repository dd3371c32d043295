/** What goes wrong when files are read out of a recovery point. Sorted by code. */
import type { ErrorEntry } from './error-entry.ts';

export const FILE_RESTORE_ERRORS = {
  FILES_ARCHIVE_UNSAFE: {
    meaning: 'An archive of a folder names something outside of it, or is not whole.',
    remedy: 'Nothing was unpacked. Save it with --tar and look at it: such an archive is no accident.',
  },
  FILES_BUSY: {
    meaning: 'A launch host is giving out other files, or has as many recovery points open as it can.',
    remedy: 'Ask again when the other transfer has ended.',
  },
  FILES_ENCRYPTED: {
    meaning: 'The file system is encrypted, and the key is not with us.',
    remedy: 'Launch the recovery point as a test machine and unlock it there.',
  },
  FILES_FILESYSTEM_UNKNOWN: {
    meaning: 'The server has no file system of that name at this recovery point.',
    remedy: 'Use one of those that the message lists.',
  },
  FILES_KIND_UNSUPPORTED: {
    meaning: 'What was asked for is neither a file nor a folder.',
    remedy: 'Fetch the folder it is in.',
  },
  FILES_NOT_MOUNTABLE: {
    meaning: 'A file system of the guest cannot be mounted.',
    remedy: 'It may be damaged at this recovery point: try another one.',
  },
  FILES_NO_ROOT: {
    meaning: 'No root of a Linux system was found on the disks of a server.',
    remedy: 'Name one of its file systems with --filesystem.',
  },
  FILES_OPENING: {
    meaning: 'A launch host is still opening the recovery point for reading files.',
    remedy: 'Ask again: it takes some ten seconds, more on a busy host.',
  },
  FILES_PATH_INVALID: {
    meaning: 'A path inside a guest is relative, too long, or otherwise none.',
    remedy: 'Give it from the root of the guest on, like /etc/hosts.',
  },
  FILES_PATH_MISSING: {
    meaning: 'There is no such file or folder at this recovery point.',
    remedy: 'List the folder above it, or try another recovery point.',
  },
  FILES_TARGET_EXISTS: {
    meaning: 'What files are to be fetched to is there already.',
    remedy: 'Fetch to another place with --to, or say --force to replace it.',
  },
  FILES_TARGET_UNUSABLE: {
    meaning: 'Files that were fetched cannot be written where they are to go.',
    remedy: 'Name a place with --to whose folder exists, is writable and has room.',
  },
  FILES_TRANSFER_BROKEN: {
    meaning: 'Fetching was broken off before everything had come. Nothing of it was kept.',
    remedy: 'Fetch again; the logs of the launch host and the control plane say why it ended.',
  },
  FILES_UNREADABLE: {
    meaning: 'A file or folder of the guest cannot be read.',
    remedy: 'The file system may be damaged at this recovery point: try another one.',
  },
} as const satisfies Record<string, ErrorEntry>;
