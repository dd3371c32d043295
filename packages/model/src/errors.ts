/**
 * Every error code a Landfall program can show, with what it means and what to do. `docs/errors.md` says
 * the same for people; `tidy.test.ts` proves that each code used in the source is here and in that page.
 * Sorted by code.
 */
export interface ErrorEntry {
  readonly meaning: string;
  readonly remedy: string;
}

export const ERROR_CODES = {
  ADDRESS_MISSING: {
    meaning: 'No address was given under which the control plane is reached.',
    remedy: 'Start it with at least one --address.',
  },
  ADDRESS_UNUSABLE: {
    meaning: 'A program cannot listen on the address or port it was given.',
    remedy: 'Give an address of this machine, and a port this user may open.',
  },
  AGENT_BINARY_MISSING: {
    meaning: 'The control plane has no agent for installers to download.',
    remedy: 'Build the agent, or start the control plane with --agent-binary FILE.gz.',
  },
  AGENT_NOT_RUNNING: {
    meaning: 'The replication agent is not running on this server.',
    remedy: 'Start it with `systemctl start landfall-agent`, or install it.',
  },
  API_ANSWER_INVALID: {
    meaning: 'The control plane answered without something its API promises.',
    remedy: 'Update the CLI and the control plane to the same version.',
  },
  API_ENDPOINT_INVALID: {
    meaning: 'What was given as the address of the control plane is not one.',
    remedy: 'Give it as https://HOST:PORT.',
  },
  API_RESPONSE_INVALID: {
    meaning: 'The endpoint answered with something that is not the answer of a Landfall control plane.',
    remedy: 'Check the address, and that client and control plane are of the same version.',
  },
  API_UNREACHABLE: {
    meaning: 'The control plane did not answer.',
    remedy: 'Check that it runs, and that its address and port are right and not blocked.',
  },
  API_UNTRUSTED: {
    meaning: 'The certificate of the control plane is not one that the client trusts.',
    remedy: "Give the control plane's CA certificate and the address the certificate was made for.",
  },
  APPLIANCE_FAILED: {
    meaning: 'The appliance that converts a guest did not start, did not end, or refused a step.',
    remedy:
      'Run `libguestfs-test-tool` on the launch host, look at its load, memory and disk space; or launch another recovery point.',
  },
  BODY_TOO_LARGE: {
    meaning: 'A request to the control plane is larger than it may be.',
    remedy: 'Use a program of the same version as the control plane.',
  },
  CAPTURE_STOPPED: {
    meaning: 'The capture engine was stopped while something was asked of it.',
    remedy: 'Nothing to do when the agent is shutting down; otherwise restart the agent and report its log.',
  },
  CERTIFICATE_REFUSED: {
    meaning: 'The other end of a replication connection did not accept our certificate.',
    remedy:
      'Check that both programs were enrolled with the same control plane and that their clocks are right.',
  },
  CERTIFICATE_REQUIRED: {
    meaning: 'The request needs the client certificate of an enrolled program.',
    remedy: 'Enrol the program with a token first.',
  },
  CHANNEL_ANSWER_INVALID: {
    meaning: 'The answer of the control plane to a program cannot be used.',
    remedy: 'Check that the address is that of a Landfall control plane of the same version.',
  },
  COMMAND_UNKNOWN: {
    meaning: 'The control plane sent a command that the program does not know.',
    remedy: 'Upgrade the program to the version of the control plane.',
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
  CONTROL_PLANE_UNREACHABLE: {
    meaning: 'A program gets no answer from the control plane.',
    remedy: 'Check that the control plane runs and that its port is open; the program keeps trying.',
  },
  CONTROL_PLANE_UNTRUSTED: {
    meaning: 'What answers is not the control plane that the token or the enrolment names.',
    remedy: 'Create a new token; if it stays so, something answers in its place.',
  },
  CONVERSION_IMPOSSIBLE: {
    meaning:
      'The guest cannot be made to start on the target: no root, no kernel, no drivers, encrypted, or not Linux.',
    remedy: 'Do what the message says on the source server, then launch from a newer recovery point.',
  },
  DEMO_FAILED: {
    meaning: 'A step of the demo did not come out as it must.',
    remedy: 'The message names the step; the folder with all logs is kept and named.',
  },
  DEMO_FILES_MISSING: {
    meaning: 'The files of the demo’s source server are not there.',
    remedy: 'Use a complete checkout of the repository.',
  },
  DISCONNECTED: {
    meaning: 'The replication server ended a connection on purpose.',
    remedy: 'Nothing: the agent connects again if its server is still to be replicated.',
  },
  DISKS_MISMATCH: {
    meaning: 'The disks an agent names are not those of its replica.',
    remedy: 'Restart the agent; if it names them again, enrol the server anew.',
  },
  DISKS_UNSUPPORTED: {
    meaning: 'A source server has no disk, or more than 60.',
    remedy: 'Check what disks the agent found with `landfall-agent status`.',
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
  FIRMWARE_MISSING: {
    meaning: 'A machine that starts from UEFI was launched on a host without UEFI firmware.',
    remedy: 'Install the package ovmf on the launch host, then launch again.',
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
  GUEST_PANICKED: {
    meaning: 'The kernel of a launched machine panicked.',
    remedy: "Read the machine's console; launch another recovery point.",
  },
  HYDRATION_FAILED: {
    meaning: "A launched machine's own disks cannot be filled in.",
    remedy: 'Check that the replication server runs and that the launch host has free space, then ask again.',
  },
  HYDRATION_TIMED_OUT: {
    meaning: 'The disks of a launched machine did not become complete in time; staging is kept.',
    remedy: 'Look at the log of its launch host; it is tried again by itself.',
  },
  IDENTITY_IN_USE: {
    meaning: 'Another active program is enrolled with the same identity: this machine is a copy.',
    remedy:
      "On the copy, remove the program's state folder and install it again; if the first is gone, disconnect it first.",
  },
  IDENTITY_MISMATCH: {
    meaning: 'An agent says it is another server than its certificate says.',
    remedy: 'Enrol this server anew: its identity was copied from another.',
  },
  IDENTITY_OF_OTHER_MACHINE: {
    meaning: 'The agent on a disk was installed on another machine: the server is a copy.',
    remedy: 'Install the agent there with a new token, or uninstall it.',
  },
  IDENTITY_UNREADABLE: {
    meaning: 'The file with the identity of a program is damaged.',
    remedy: 'Restore it from a backup, or delete it and enrol again with a new token.',
  },
  INITRAMFS_UNREADABLE: {
    meaning: 'An initial RAM filesystem of the guest is damaged or of a form that cannot be read.',
    remedy:
      'Rebuild it on the source server (`update-initramfs -u` or `dracut -f`), then launch from a newer recovery point.',
  },
  INTERNAL_ERROR: {
    meaning: 'A program met a defect of its own.',
    remedy: 'Read its log, and report this as a defect.',
  },
  JOB_NOT_FOUND: {
    meaning: 'There is no job with this id.',
    remedy: '`landfall job list` shows the jobs.',
  },
  JOURNAL_DAMAGED: {
    meaning:
      'A file of a journal does not hold what was durably written to it; it is not opened, so that nothing wrong is read.',
    remedy:
      'Check the staging storage. Restore the named file from a copy, or discard the journal and replicate the server anew.',
  },
  JOURNAL_DISKS_CHANGED: {
    meaning: 'The server has other disks, or disks of other sizes, than its journal.',
    remedy: 'Discard the journal and replicate the server anew.',
  },
  JOURNAL_IN_USE: {
    meaning: 'Another process has the journal open, or views of it are open.',
    remedy: 'End the named process, or the launches and exports that use the server, then try again.',
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
  JOURNAL_VERSION_UNSUPPORTED: {
    meaning: 'A journal was written by a newer release.',
    remedy: 'Run a release at least as new as the one that wrote it.',
  },
  KEY_INVALID: {
    meaning: 'The public key of an enrolment is not a P-256 key in PEM form.',
    remedy: 'Remove the identity files of the program and enrol again.',
  },
  LAUNCH_CANCELLED: {
    meaning: 'A launch was ended before it was complete.',
    remedy: 'Launch again if the machine is still wanted.',
  },
  LAUNCH_FAILED: {
    meaning: 'A launch failed for a reason that has no code of its own.',
    remedy: "Read the message and the launch host's log.",
  },
  LAUNCH_HOST_FULL: {
    meaning: 'A launch host looks after as many machines as it can.',
    remedy: 'Terminate machines that are no longer needed, or add a launch host.',
  },
  LAUNCH_HOST_MISSING: {
    meaning: 'No launch host is enrolled, so there is nowhere to launch to.',
    remedy: 'Start a launch host and launch again.',
  },
  LAUNCH_TIMED_OUT: {
    meaning: 'A machine was not converted or started in time.',
    remedy: 'Look at its console and at the log of the launch host.',
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
  LOCKDOWN_CONFIDENTIALITY: {
    meaning: 'The kernel is locked down in confidentiality mode, which forbids tracing.',
    remedy: 'Boot with lockdown=integrity, which is enough for Secure Boot, or without lockdown.',
  },
  MACHINE_DIED: {
    meaning: 'The QEMU process of a launched machine ended by itself or was killed.',
    remedy: 'Look at the memory of the launch host, then start the machine again.',
  },
  MACHINE_DISK_ERROR: {
    meaning: 'A disk of a launched machine does not answer; the machine is paused and tries again.',
    remedy:
      'Check the free space of the launch host, and that the replication server runs until hydration is complete.',
  },
  MACHINE_NOT_READY: {
    meaning: 'A machine was asked for something that it cannot do in its present phase.',
    remedy: 'Wait until it was converted and started.',
  },
  MACHINE_REFUSED: {
    meaning: 'QEMU refused a command for a launched machine.',
    remedy: "Read QEMU's words in the message; the machine goes on as it is.",
  },
  MACHINE_SPECIFICATION_INVALID: {
    meaning: 'A launch was asked for with values that make no machine.',
    remedy: 'Check the launch configuration of the source server.',
  },
  MACHINE_START_FAILED: {
    meaning: 'QEMU could not start a machine.',
    remedy:
      "Read QEMU's words in the message; look at free memory and ports in use on the launch host, then launch again.",
  },
  MACHINE_STOP_FAILED: {
    meaning: 'The QEMU process of a machine does not end, not even when killed.',
    remedy: 'Look at the storage of the launch host, then terminate again.',
  },
  MACHINE_UNKNOWN: {
    meaning: 'A launch host was asked about a machine that it does not have.',
    remedy: 'The machine may have been terminated; list the machines.',
  },
  MACHINE_UNREACHABLE: {
    meaning: 'The QEMU process of a machine does not answer.',
    remedy: "Look at the machine's qemu.log and console.log on the launch host.",
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
  NBD_URI_INVALID: {
    meaning: 'The address of a view is not one that can be opened.',
    remedy: 'A view is nbd+unix:///EXPORT?socket=PATH or nbd://HOST:PORT/EXPORT.',
  },
  NOTHING_TO_REVERT: {
    meaning: 'The server is neither in a test nor in a cutover.',
    remedy: 'Revert works while a server is TESTING or CUTTING_OVER.',
  },
  NOT_INSTALLED: {
    meaning: 'The replication agent is not installed on this server.',
    remedy: 'Run `landfall-agent install --token TOKEN`.',
  },
  NOT_ROOT: {
    meaning: 'The replication agent needs to be root, because it reads whole disks.',
    remedy: 'Run the same command with sudo.',
  },
  NOT_SET_UP: {
    meaning: 'No control plane was found.',
    remedy: 'Start one with `landfall up`, name its folder with --state-dir, or `eval "$(landfall env)"`.',
  },
  NO_RECOVERY_POINT: {
    meaning: 'There is no recovery point, or none that old.',
    remedy: 'Wait for the first copy to complete, or choose a later time.',
  },
  OPTION_INVALID: {
    meaning: 'An option on the command line is missing or not valid.',
    remedy: 'Read the usage line in the message.',
  },
  OVERLAY_NO_SPACE: {
    meaning: 'The launch host has too little free space for what a machine writes.',
    remedy: 'Terminate test machines that are no longer needed, or free space, then launch again.',
  },
  PACKAGES_MISSING: {
    meaning: 'Debian packages are needed and cannot be installed.',
    remedy: 'Install them as the message says, as root.',
  },
  PEER_UNTRUSTED: {
    meaning: 'The other end of a replication connection is not who it should be.',
    remedy: 'Check that the address is that of the replication server, enrolled with the same control plane.',
  },
  PLATFORM_UNSUPPORTED: {
    meaning: 'The agent does not run on this kind of system.',
    remedy: 'Use the agent of that system.',
  },
  PORT_IN_USE: {
    meaning: 'Another program already listens on the port.',
    remedy: 'Stop it, or choose another port.',
  },
  PORT_TAKEN: {
    meaning: 'A TCP port is in use by another program, or none is free.',
    remedy: 'End the other program, or configure another port.',
  },
  PROGRAM_AWAY: {
    meaning: 'An agent, replication server or launch host did not answer in time.',
    remedy: 'Check that it runs and that it reaches the control plane.',
  },
  PROGRAM_BUSY: {
    meaning: 'Too many commands wait for one program.',
    remedy: 'Check that it runs and that it reaches the control plane.',
  },
  PROGRAM_NOT_STARTED: {
    meaning: 'A program of `landfall up` did not come up.',
    remedy: 'Read its log, named in the message.',
  },
  PROGRAM_REVOKED: {
    meaning: 'The certificate of a program is no longer valid on the control plane.',
    remedy: 'Another enrolment replaced it, or it was removed; install the program again.',
  },
  PROOF_INVALID: {
    meaning: 'An enrolment is not signed with the private key of its public key.',
    remedy: 'Remove the identity files of the program and enrol again.',
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
  RECOVERY_POINT_MISSING: {
    meaning: 'There is no such recovery point.',
    remedy: 'Choose one of the listed recovery points.',
  },
  REPLICATION_NOT_RUNNING: {
    meaning: 'A recovery point was asked for while the server is not being replicated.',
    remedy: 'See `landfall-agent status` on the source server.',
  },
  REPLICATION_PAUSED: {
    meaning: 'Replication of the server is paused.',
    remedy: 'Resume replication, then ask again.',
  },
  REPLICATION_SERVER_MISSING: {
    meaning: 'A source server is on no replication server.',
    remedy: 'Start a replication server and wait for the first recovery point.',
  },
  REPLICATION_STOPPED: {
    meaning: 'Replication of the server has ended.',
    remedy: 'Start the agent again.',
  },
  REQUEST_INVALID: {
    meaning: 'A message on the channel could not be read.',
    remedy: 'Use programs of the same version as the control plane.',
  },
  SERVER_AMBIGUOUS: {
    meaning: 'Several source servers have this host name.',
    remedy: 'Use the id.',
  },
  SERVER_NOT_ASSIGNED: {
    meaning: 'An agent connected to a replication server that it is not assigned to.',
    remedy: 'Nothing at first: the agent keeps trying. If it stays so, check the assignment.',
  },
  SERVER_NOT_FOUND: {
    meaning: 'No source server has this id or host name.',
    remedy: '`landfall server list --all` shows the servers there are.',
  },
  SERVER_NOT_STAGED: {
    meaning: 'A replication server was asked for a source server it has nothing of.',
    remedy: 'Check which replication server the source server is assigned to.',
  },
  SERVER_UNKNOWN: {
    meaning: 'A source server was deleted while a job worked on it.',
    remedy: 'Nothing; the job says so and ends.',
  },
  SERVICE_NOT_STARTED: {
    meaning: 'systemd did not start the agent.',
    remedy: 'See `systemctl status landfall-agent` and `journalctl -u landfall-agent`.',
  },
  SHUTTING_DOWN: {
    meaning: 'The control plane is stopping; what runs is resumed at its next start.',
    remedy: 'Start the control plane again.',
  },
  STAGING_FULL: {
    meaning: 'The staging volume has no space for another epoch.',
    remedy:
      'Free space or add storage to the replication server; replication goes on where it stopped, nothing is lost.',
  },
  STATE_IN_USE: {
    meaning: 'Another process is using the state folder.',
    remedy: 'Stop it first, or give this one another --state-dir.',
  },
  STATE_UNREADABLE: {
    meaning: 'The state folder cannot be used: a part is missing, damaged, or of a later version.',
    remedy: 'Restore it from a backup made by this or an earlier version.',
  },
  SUPERSEDED: {
    meaning: 'A newer connection of the same source server took over.',
    remedy: 'If this repeats, two agents use the same identity: enrol the copied server again.',
  },
  TESTS_FAILED: {
    meaning: 'A stage of `landfall test` failed.',
    remedy: 'The lines above it name the test.',
  },
  TOKEN_EXPIRED: {
    meaning: 'The enrolment token has expired.',
    remedy: 'Create a new one with `landfall token create`.',
  },
  TOKEN_FILE_UNREADABLE: {
    meaning: 'The file with the enrolment token cannot be read.',
    remedy: 'Check its path and permissions.',
  },
  TOKEN_INVALID: {
    meaning: 'The enrolment token is unknown, revoked, or for another kind of program.',
    remedy: 'Create a new one with `landfall token create`.',
  },
  TOKEN_MALFORMED: {
    meaning: 'What was given as an enrolment token is not one, or only a part of one.',
    remedy: 'Copy the whole token again, or create a new one.',
  },
  TOKEN_USED_UP: {
    meaning: 'The enrolment token was used by as many installs as it allows.',
    remedy: 'Create a new one with `landfall token create`.',
  },
  TOOL_FAILED: {
    meaning: 'An external tool ended with an error.',
    remedy: 'Read the end of its output in the message.',
  },
  TOOL_MISSING: {
    meaning: 'An external tool is not installed.',
    remedy: 'Install the named tool, then try again.',
  },
  TOO_MANY_DISKS: {
    meaning: 'A machine has more disks than can be attached.',
    remedy: 'Exclude disks, or join them into fewer volumes on the source server.',
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
  VIEW_UNREACHABLE: {
    meaning: 'The view of a recovery point cannot be opened, or is of another disk.',
    remedy: 'Check that the replication server runs and has the export open, then launch again.',
  },
  WELCOME_TIMED_OUT: {
    meaning: 'The replication server accepted the connection but did not greet in time.',
    remedy: 'Look at the load and the log of the replication server; the agent tries again by itself.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
