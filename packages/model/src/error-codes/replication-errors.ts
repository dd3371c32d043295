/** What goes wrong between agent and recovery point: link, receiver, journal, NBD. Sorted by code. */
import type { ErrorEntry } from './error-entry.ts';

export const REPLICATION_ERRORS = {
  CERTIFICATE_REFUSED: {
    meaning: 'The other end of a replication connection did not accept our certificate.',
    remedy:
      'Check that both programs were enrolled with the same control plane and that their clocks are right.',
  },
  CONNECT_FAILED: {
    meaning: 'The agent cannot connect to its replication server.',
    remedy:
      'Check that the replication server runs and that its TCP port can be reached from the source server.',
  },
  CONNECT_TIMED_OUT: {
    meaning: 'The replication server did not answer in time.',
    remedy: 'Check that its TCP port can be reached from the source server (firewall, route, address).',
  },
  DISKS_MISMATCH: {
    meaning: 'The disks an agent names are not those of its replica.',
    remedy: 'Restart the agent; if it names them again, enrol the server anew.',
  },
  DISK_JOINED: {
    meaning: 'The first copy of an added disk is complete, and the agent connects again with it.',
    remedy: 'Nothing: recovery points have the disk from the next one on.',
  },
  ENCRYPTION_COMMAND_FAILED: {
    meaning: 'The command that wraps and unwraps the keys of replicas failed, or did not answer in time.',
    remedy:
      'Run the command by hand as the user of the replication server; what needs it is tried again by itself.',
  },
  ENCRYPTION_KEY_INVALID: {
    meaning: 'What is there as an encryption key is none, or not the one it says it is.',
    remedy: 'Restore the key file, variable or key service as it was, from its backup.',
  },
  ENCRYPTION_KEY_MISSING: {
    meaning: 'The key that a replica is encrypted with is not there. No other is made in its place.',
    remedy:
      'Put the key back, from its backup; the replica is opened by itself then. If the key is lost for good, nobody can read the replica: disconnect the server and replicate it anew.',
  },
  EPOCH_OUT_OF_ORDER: {
    meaning: 'An agent sent an epoch that does not follow the last one of its replica.',
    remedy: 'Nothing: the agent connects again and continues where the replica is.',
  },
  EPOCH_REFUSED: {
    meaning:
      'A sender put or committed something that does not fit the journal: a range outside the disk, an epoch out of order, a wrong number of extents.',
    remedy:
      'Nothing is lost: the epoch was dropped. Let the agent connect again; if it comes back, update agent and replication server.',
  },
  EXPORTS_OPEN: {
    meaning: 'A server cannot be discarded while machines read from its recovery points.',
    remedy: 'Terminate those machines, or wait until their disks are complete.',
  },
  EXPORT_ID_TAKEN: {
    meaning: 'An export of that id is open for another recovery point.',
    remedy: 'Close that export, or use another id.',
  },
  EXTENT_COUNT_MISMATCH: {
    meaning: 'An epoch arrived with fewer or more extents than the agent announced.',
    remedy: 'Nothing: the agent connects again and sends the epoch anew.',
  },
  EXTENT_DAMAGED: {
    meaning: 'Bytes of a replica no longer match the checksum the agent gave them.',
    remedy:
      'Check the storage and memory of the replication server; a rescan of the server replaces damaged blocks.',
  },
  EXTENT_OUT_OF_BOUNDS: {
    meaning: 'An agent sent or asked for bytes past the end of a disk.',
    remedy: 'Restart the agent so that it finds the sizes of its disks again.',
  },
  FILE_DEVICE_TRUNCATED: {
    meaning: 'A file used as a disk became shorter while it was in use.',
    remedy: 'Find out what changed the file, and restore it.',
  },
  FILE_DEVICE_UNUSABLE: {
    meaning: 'A file cannot be used as a disk.',
    remedy: 'Check the path, its permissions, and that it is a regular file.',
  },
  FRAME_MALFORMED: {
    meaning: 'A message of the replication protocol cannot be read.',
    remedy: 'Check that agent and replication server are of compatible versions.',
  },
  FRAME_OVERSIZED: {
    meaning: 'A message of the replication protocol is larger than allowed.',
    remedy: 'Check that it is a Landfall program of a compatible version that connected.',
  },
  FRAME_UNKNOWN: {
    meaning: 'A message of the replication protocol is of an unknown type.',
    remedy: 'Check that it is a Landfall program of a compatible version that connected.',
  },
  IDENTITY_MISMATCH: {
    meaning: 'An agent says it is another server than its certificate says.',
    remedy: 'Enrol this server anew: its identity was copied from another.',
  },
  INTERNAL_ERROR: {
    meaning: 'A program met a defect of its own.',
    remedy: 'Read its log, and report this as a defect.',
  },
  JOURNAL_CLOSED: {
    meaning: 'The journal was closed while something was done with it.',
    remedy: 'Begin anew when the replication server has it open again.',
  },
  JOURNAL_DAMAGED: {
    meaning:
      'A file of a journal does not hold what was durably written to it; it is not opened, so that nothing wrong is read.',
    remedy:
      'Check the staging storage. Restore the named file from a copy, or discard the journal and replicate the server anew.',
  },
  JOURNAL_DISKS_CHANGED: {
    meaning: 'The disks of the server changed before its first recovery point, so its journal is made anew.',
    remedy: 'Nothing: the first copy begins again by itself.',
  },
  JOURNAL_FOLDER_FAILED: {
    meaning: 'What should be done with the journal in a folder did not come to its end.',
    remedy: 'The lines before it say why and what to do.',
  },
  JOURNAL_IN_USE: {
    meaning: 'Another process has the journal open, or views of it are open.',
    remedy: 'End the named process, or the launches and exports that use the server, then try again.',
  },
  JOURNAL_LIMIT_REACHED: {
    meaning: 'The journal of a server takes as much as the limit of that server allows.',
    remedy:
      'Raise the limit with `landfall journal limit`, or keep less: unpin points, shorten tiers. Replication goes on where it stopped, nothing is lost.',
  },
  JOURNAL_MISSING: {
    meaning: 'There is no journal in the folder.',
    remedy: 'Check the folder of the staging area.',
  },
  JOURNAL_OVERLOADED: {
    meaning: 'Too many journal operations wait for the staging storage.',
    remedy: 'Try again later; use faster staging storage if it comes back.',
  },
  JOURNAL_STORAGE_FAILED: {
    meaning: 'The staging storage failed to read, write or sync.',
    remedy: 'Check the staging volume (kernel log, mount state). The epoch was dropped and is sent again.',
  },
  JOURNAL_TASK_FAILED: {
    meaning: 'Verifying or compacting a journal ended without a result.',
    remedy: 'Do what the message says, then begin anew.',
  },
  JOURNAL_VERSION_UNSUPPORTED: {
    meaning: 'A journal was written by a newer release.',
    remedy: 'Run a release at least as new as the one that wrote it.',
  },
  LANE_REFUSED: {
    meaning:
      'A connection asked to be a lane of a session that it does not belong to, or that has enough lanes.',
    remedy:
      'Nothing to do: the agent goes on with the connections it has, and asks again when it reconnects.',
  },
  LINK_LOST: {
    meaning: 'A replication connection was lost.',
    remedy: 'Check the network between source server and replication server; the agent reconnects by itself.',
  },
  LINK_SILENT: {
    meaning: 'Nothing was heard on a replication connection for too long.',
    remedy: 'Check the network between source server and replication server; the agent reconnects by itself.',
  },
  LISTEN_FAILED: {
    meaning: 'The replication server cannot listen on its address.',
    remedy: 'Give an address of this machine and a port the program may use.',
  },
  NBD_CONNECTION_LOST: {
    meaning: 'A connection to a disk over NBD ended before it was closed.',
    remedy: 'Check that the other side still runs, then connect again.',
  },
  NBD_CONNECT_FAILED: {
    meaning: 'An NBD server cannot be reached.',
    remedy: 'Check that the server runs and that the address is right.',
  },
  NBD_EXPORT_REFUSED: {
    meaning: 'An NBD server does not give the disk that was asked for.',
    remedy: 'List what the server exports with `nbdinfo --list URI`.',
  },
  NBD_LISTEN_FAILED: {
    meaning: 'The NBD server cannot listen on its address.',
    remedy: 'Stop the other process, or choose another port or socket path.',
  },
  NBD_PEER_STALLED: {
    meaning: 'The other side of an NBD connection stopped in the middle of a message.',
    remedy: 'Look at the client (stopped, swapped out) and at the network to it; it may connect again.',
  },
  NBD_PROTOCOL_VIOLATION: {
    meaning: 'What came over an NBD connection is not NBD.',
    remedy:
      'Check that both sides speak NBD (fixed newstyle) and that nothing between them changes the bytes.',
  },
  NBD_REQUEST_FAILED: {
    meaning: 'An NBD server answered a request with an error.',
    remedy: 'Look for the cause in the log of the server.',
  },
  NBD_TIMEOUT: {
    meaning: 'An NBD server did not answer in time.',
    remedy: 'Check that the server runs and that its disks answer, then connect again.',
  },
  NO_RECOVERY_POINT: {
    meaning: 'There is no recovery point, or none that old.',
    remedy: 'Wait for the first copy to complete, or choose a later time.',
  },
  PEER_UNTRUSTED: {
    meaning: 'The other end of a replication connection is not who it should be.',
    remedy: 'Check that the address is that of the replication server, enrolled with the same control plane.',
  },
  PROBE_BUSY: {
    meaning: 'The link of a source server, or of several others, is being measured already.',
    remedy: 'Wait half a minute and run `landfall-agent forecast` again.',
  },
  PROBE_EXCEEDED: {
    meaning: 'An agent went on measuring its link beyond the bytes or the time it is given for that.',
    remedy: 'Check that agent and replication server are of compatible versions.',
  },
  PROTOCOL_VERSION_UNSUPPORTED: {
    meaning: 'Agent and replication server have no version of the protocol in common.',
    remedy: 'Upgrade the older of the two programs.',
  },
  PROTOCOL_VIOLATION: {
    meaning: 'The other end of a replication connection said something it may not.',
    remedy: 'Check that agent and replication server are of compatible versions.',
  },
  RECOVERY_POINTS_BUSY: {
    meaning: 'Too many recovery points are waited for.',
    remedy: 'Wait until those are taken; look at the replication state of the server if they never are.',
  },
  RECOVERY_POINT_LOCKED: {
    meaning: 'A journal cannot be discarded while recovery points in it are locked.',
    remedy: 'Wait until the locks end. Nobody can remove a locked recovery point before, by design.',
  },
  RECOVERY_POINT_MISSING: {
    meaning: 'There is no such recovery point.',
    remedy: 'Choose one of the listed recovery points.',
  },
  REPLICATION_PAUSED: {
    meaning: 'Replication of the server is paused.',
    remedy: 'Resume replication, then ask again.',
  },
  REPLICATION_STOPPED: {
    meaning: 'Replication of the server has ended.',
    remedy: 'Start the agent again.',
  },
  SERVER_NOT_ASSIGNED: {
    meaning: 'An agent connected to a replication server that it is not assigned to.',
    remedy: 'Nothing at first: the agent keeps trying. If it stays so, check the assignment.',
  },
  SERVER_NOT_STAGED: {
    meaning: 'A replication server was asked for a source server it has nothing of.',
    remedy: 'Check which replication server the source server is assigned to.',
  },
  STAGING_FULL: {
    meaning: 'The staging volume has no space for another epoch.',
    remedy:
      'Free space or add storage to the replication server; replication goes on where it stopped, nothing is lost.',
  },
  SUPERSEDED: {
    meaning: 'A newer connection of the same source server took over.',
    remedy: 'If this repeats, two agents use the same identity: enrol the copied server again.',
  },
  WELCOME_TIMED_OUT: {
    meaning: 'The replication server accepted the connection but did not greet in time.',
    remedy: 'Look at the load and the log of the replication server; the agent tries again by itself.',
  },
} as const satisfies Record<string, ErrorEntry>;
