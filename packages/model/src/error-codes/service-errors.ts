/** What goes wrong around them: control plane, channel, enrolment, API, command line. Sorted by code. */
import type { ErrorEntry } from './error-entry.ts';

export const SERVICE_ERRORS = {
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
  BENCHMARK_FAILED: {
    meaning: 'A benchmark could not be measured to its end.',
    remedy: 'Read what the programs it names last said; a busy machine may need a smaller disk: --size-gib.',
  },
  BENCHMARK_ROOM_MISSING: {
    meaning: 'There is too little space for the disks a benchmark makes.',
    remedy: 'Free some space, name another folder with LANDFALL_CACHE_DIR, or use --size-gib.',
  },
  BODY_TOO_LARGE: {
    meaning: 'A request to the control plane is larger than it may be.',
    remedy: 'Use a program of the same version as the control plane.',
  },
  CERTIFICATE_EXPIRED: {
    meaning:
      'The certificate of a program has expired; the program renews it by itself, if it is not too old.',
    remedy: 'If it was off for months, install it again with a new token: identity and replica are kept.',
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
  CONSOLE_NOT_BUILT: {
    meaning: 'The folder named as the console holds none.',
    remedy: 'Build it with npm run build -w apps/console, or leave --console-dir out.',
  },
  CONTROL_PLANE_UNREACHABLE: {
    meaning: 'A program gets no answer from the control plane.',
    remedy: 'Check that the control plane runs and that its port is open; the program keeps trying.',
  },
  CONTROL_PLANE_UNTRUSTED: {
    meaning: 'What answers is not the control plane that the token or the enrolment names.',
    remedy: 'Create a new token; if it stays so, something answers in its place.',
  },
  DEMO_FAILED: {
    meaning: 'A step of the demo did not come out as it must.',
    remedy: 'The message names the step; the folder with all logs is kept and named.',
  },
  DEMO_FILES_MISSING: {
    meaning: 'The files of the demo’s source server are not there.',
    remedy: 'Use a complete checkout of the repository.',
  },
  GUEST_MATRIX_BUSY: {
    meaning: 'Another run of the guest matrix uses the same cache folder.',
    remedy: 'Wait for it, or name another folder with LANDFALL_CACHE_DIR.',
  },
  GUEST_NOT_BOOTED: {
    meaning: 'A guest of the guest matrix did not start, or not as the server it was.',
    remedy: 'Read the conversion steps and the end of its console, which are shown with it.',
  },
  GUEST_UNAVAILABLE: {
    meaning: 'The packages of a guest of the guest matrix cannot be had on this machine.',
    remedy: 'Use a Debian mirror that has the release, or choose other rows with --only.',
  },
  DISCONNECTED: {
    meaning: 'The replication server ended a connection on purpose.',
    remedy: 'Nothing: the agent connects again if its server is still to be replicated.',
  },
  DISKS_UNSUPPORTED: {
    meaning: 'A source server has no disk, or more than 60.',
    remedy: 'Check what disks the agent found with `landfall-agent status`.',
  },
  EQUALITY_PROOF_INCOMPLETE: {
    meaning: 'A proof of equality has not ended, or has failed: there is no signed report of it.',
    remedy: 'Wait until it is COMPLETE; if it failed, look at its reason and begin another.',
  },
  EQUALITY_PROOF_INVALID: {
    meaning: 'A report of a proof of equality is not what the control plane signed.',
    remedy:
      'Get the report again, and check it with the certificate (ca.pem) of the control plane that made it.',
  },
  EVENTS_ENDED: {
    meaning: 'The control plane has ended a stream of events.',
    remedy: 'Follow it with credentials that are valid and may call landfall:StreamEvents.',
  },
  GROUP_NOT_FOUND: {
    meaning: 'No application or wave has the id or name that was given.',
    remedy: 'Look it up with `landfall application list --all` or `landfall wave list --all`.',
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
  IDENTITY_REPLACED: {
    meaning: 'A program was enrolled again while it was running, and goes on with its old certificate.',
    remedy: 'Restart the program: it goes on with its new identity.',
  },
  IDENTITY_UNREADABLE: {
    meaning: 'The file with the identity of a program is damaged.',
    remedy: 'Restore it from a backup, or delete it and enrol again with a new token.',
  },
  INVENTORY_FAILED: {
    meaning: 'An import or export did not do all that was asked.',
    remedy: 'Read its errors with `landfall import errors`, mend the file and import it again.',
  },
  INVENTORY_FILE_UNUSABLE: {
    meaning:
      'A file cannot be imported from this machine: it is missing, empty, too large, or no CSV in UTF-8.',
    remedy: 'Save it as CSV UTF-8 under a name that ends in .csv. Import a large one in several parts.',
  },
  JOB_NOT_FOUND: {
    meaning: 'There is no job with this id.',
    remedy: '`landfall job list` shows the jobs.',
  },
  KEY_INVALID: {
    meaning: 'The public key of an enrolment is not a P-256 key in PEM form.',
    remedy: 'Remove the identity files of the program and enrol again.',
  },
  LAUNCH_FAILED: {
    meaning: 'A launch failed for a reason that has no code of its own.',
    remedy: "Read the message and the launch host's log.",
  },
  LAUNCH_HOST_MISSING: {
    meaning: 'No launch host is enrolled, so there is nowhere to launch to.',
    remedy: 'Start a launch host and launch again.',
  },
  LAUNCH_TIMED_OUT: {
    meaning: 'A machine was not converted or started in time.',
    remedy: 'Look at its console and at the log of the launch host.',
  },
  NOTHING_TO_REVERT: {
    meaning: 'The server is neither in a test nor in a cutover.',
    remedy: 'Revert works while a server is TESTING or CUTTING_OVER.',
  },
  NOT_ROOT: {
    meaning: 'The replication agent needs to be root, because it reads whole disks.',
    remedy: 'Run the same command with sudo.',
  },
  NOT_SET_UP: {
    meaning: 'No control plane was found.',
    remedy: 'Start one with `landfall up`, name its folder with --state-dir, or `eval "$(landfall env)"`.',
  },
  OBJECT_ACCESS_DENIED: {
    meaning: 'The S3 endpoint does not let the control plane read or write a file of an import or export.',
    remedy:
      "Allow the control plane's access key s3:GetObject, s3:PutObject and s3:ListBucket on the bucket.",
  },
  OBJECT_BUCKET_MISSING: {
    meaning: 'The S3 endpoint has no bucket of that name, or imports and exports may not use it.',
    remedy:
      'Make the bucket there and name it with --s3-bucket, or use one that is named. The control plane makes none.',
  },
  OBJECT_CHANGED: {
    meaning: 'A file was changed while it was imported.',
    remedy: 'Import it again.',
  },
  OBJECT_MISSING: {
    meaning: 'The file to import is not in its bucket.',
    remedy:
      'Put it there (without an S3 endpoint: in buckets/BUCKET of the state folder) and import it again.',
  },
  OBJECT_NAME_INVALID: {
    meaning: 'A bucket or key of an import or export cannot be the name of a file.',
    remedy:
      'Use a bucket of letters, digits, dots, dashes and underscores, and a key without . and .. as parts.',
  },
  OBJECT_STORE_KEY_REFUSED: {
    meaning: "The S3 endpoint does not accept the control plane's access key, or how it signs.",
    remedy: 'Check what --s3-key names, --s3-region, and the clocks of both machines.',
  },
  OBJECT_STORE_REFUSED: {
    meaning: 'The S3 endpoint refused to read or write a file for a reason of its own.',
    remedy: 'Read the reason; check --s3-endpoint, --s3-region and --s3-virtual-hosts.',
  },
  OBJECT_STORE_UNAVAILABLE: {
    meaning: 'The S3 endpoint of buckets cannot be reached, or gives no answer within 30 seconds.',
    remedy: 'Check that the address of --s3-endpoint is right and answers; then import or export again.',
  },
  OBJECT_TOO_LARGE: {
    meaning: 'A file of an import or export is larger than what is read or written at once.',
    remedy: 'Import it in several parts.',
  },
  OPERATION_UNKNOWN: {
    meaning: 'There is no such service or operation.',
    remedy: "List the operations with `landfall api mgn '?'` or `landfall api landfall '?'`.",
  },
  PACKAGES_MISSING: {
    meaning: 'Debian packages are needed and cannot be installed.',
    remedy: 'Install them as the message says, as root.',
  },
  PORT_IN_USE: {
    meaning: 'Another program already listens on the port.',
    remedy: 'Stop it, or choose another port.',
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
  PROXY_ANSWER_INVALID: {
    meaning: 'What answers at the address of the proxy is not an HTTP proxy that can be used.',
    remedy: 'Check that the address is that of an HTTP proxy, not of a web server or another kind of proxy.',
  },
  PROXY_AUTHENTICATION_REQUIRED: {
    meaning: 'The proxy wants a user and a password, or does not accept those it was given.',
    remedy: '`landfall-agent configure --proxy http://user:password@host:port`.',
  },
  PROXY_INVALID: {
    meaning: 'What was given as a proxy is not one that can be used.',
    remedy: 'Give it as http://[user:password@]host:port.',
  },
  PROXY_REFUSED: {
    meaning: 'The proxy does not open a way to the target; the message has its answer.',
    remedy:
      "Have the proxy allow CONNECT to the target's port, 443 and 1500, and check that it can reach it.",
  },
  PROXY_TARGET_INVALID: {
    meaning: 'A proxy was to be asked for a server whose name is none.',
    remedy: 'Start the replication server with a plain host name or address as --address.',
  },
  PROXY_TIMED_OUT: {
    meaning: 'The proxy did not open a way to the target in time.',
    remedy: 'Check that the proxy works and that it can reach the target itself; the agent keeps trying.',
  },
  PROXY_UNREACHABLE: {
    meaning: 'The proxy cannot be connected to.',
    remedy: 'Check its address and port; change it with `landfall-agent configure --proxy http://host:port`.',
  },
  RENEWAL_IN_PROGRESS: {
    meaning: 'The certificate of a program is being renewed with another key.',
    remedy:
      'Wait some minutes; if it comes back, look for a second program or machine with the same identity.',
  },
  REPLICATION_OVER: {
    meaning: 'Replication of the server has ended, so that what was waited for does not come by itself.',
    remedy: 'Start it again with `landfall replication start`, or install the agent again.',
  },
  REPLICATION_SERVER_MISSING: {
    meaning: 'A source server is on no replication server.',
    remedy: 'Start a replication server and wait for the first recovery point.',
  },
  REQUEST_INVALID: {
    meaning: 'A message on the channel could not be read.',
    remedy: 'Use programs of the same version as the control plane.',
  },
  RESOURCE_NOT_FOUND: {
    meaning: 'Nothing that can have tags has this id.',
    remedy: 'Give an ARN, an id, or the host name of a server; the `list` command of its kind shows them.',
  },
  SERVER_AMBIGUOUS: {
    meaning: 'Several source servers have this host name.',
    remedy: 'Use the id.',
  },
  SERVER_NOT_FOUND: {
    meaning: 'No source server has this id or host name.',
    remedy: '`landfall server list --all` shows the servers there are.',
  },
  SERVER_UNKNOWN: {
    meaning: 'A source server was deleted while a job worked on it.',
    remedy: 'Nothing; the job says so and ends.',
  },
  SHUTTING_DOWN: {
    meaning: 'The control plane is stopping; what runs is resumed at its next start.',
    remedy: 'Start the control plane again.',
  },
  SIMULATION_VIOLATED: {
    meaning: 'A simulated run broke a promise of replication.',
    remedy: 'Replay it with the command shown; it fails in the same way every time. Then report it.',
  },
  STATE_IN_USE: {
    meaning: 'Another process is using the state folder, or the database.',
    remedy: 'Stop it first, or give this one another --state-dir (and --store).',
  },
  STATE_UNREADABLE: {
    meaning: 'The state folder cannot be used: a part is missing, damaged, or of a later version.',
    remedy: 'Restore it from a backup made by this or an earlier version.',
  },
  TESTS_FAILED: {
    meaning: 'A stage of `landfall test` failed.',
    remedy: 'The lines above it name the test.',
  },
  STORE_CHANGED: {
    meaning: 'The state folder began with another kind of database than the control plane was started with.',
    remedy: 'Start it as before: with the same --store, or without one. See docs/store.md.',
  },
  STORE_REFUSED: {
    meaning: 'PostgreSQL does not let the control plane in: user, password, database or rights.',
    remedy: 'Check --store and what --store-password names.',
  },
  STORE_UNAVAILABLE: {
    meaning: 'The database of the control plane is away. What was asked may or may not have been done.',
    remedy: 'Check that PostgreSQL runs and is reached; the control plane goes on when it is back.',
  },
  STORE_UNSUPPORTED: {
    meaning: 'The database keeps text in an encoding other than UTF-8.',
    remedy: 'Create another one: createdb --encoding UTF8 --template template0.',
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
  WEBHOOK_NOT_ANSWERED: {
    meaning: 'The receiver of a webhook did not take a test.',
    remedy: 'Make it answer with a status from 200 to 299 within 10 seconds; redirects are not followed.',
  },
} as const satisfies Record<string, ErrorEntry>;
