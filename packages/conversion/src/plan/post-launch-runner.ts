/**
 * The program that runs post-launch scripts in a launched guest, how they reach it, and what it says of them.
 *
 * Conversion installs the program alone, so that a conversion serves every launch of its point. The scripts
 * are of one machine: they come on a small disk of its own, because every guest that starts has the driver
 * of its disks. The disk holds one block that says how long the rest is, then a line for each file: its
 * mode, its name below the runner's folder, its content in base64.
 *
 * It is POSIX shell with coreutils, because that is what every guest has. It tells outcomes over a serial
 * port of its own: a guest may have no network, and a console belongs to whoever logs in.
 *
 * G1 A script is begun at most once, whenever the guest is restarted: that it began is on disk before.
 * G2 No value is ever part of a text that a shell parses, but for single-quoted ones (`quote`).
 * G3 A frame is one line that begins with `landfall-action`; whatever else is on the line's port is not ours.
 * G4 The scripts are whole in the guest, and durable, before its plan has its name. Then the disk is
 *    emptied, its mark last: nothing that is secret stays on it, whenever the guest is killed.
 * G5 What a disk begins with does not make it that of the scripts, or one of the source's could be emptied:
 *    it has exactly the size that `scriptsDisk` gives it, and is the last such disk.
 */

export interface GuestScript {
  /** Letters, digits, `-`. */
  readonly actionId: string;
  readonly name: string;
  readonly script: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly mustSucceed: boolean;
}

export interface GuestScriptReport {
  readonly actionId: string;
  readonly state: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'NOT_RUN';
  readonly exitCode: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly output: string;
}

export const RUNNER_FOLDER = '/var/lib/landfall-launch';
/** The fourth: real servers have their consoles on the first two. */
export const REPORT_PORT = '/dev/ttyS3';
/** Of both streams together, its end. */
export const OUTPUT_BYTES_MAX = 16 * 1024;

const FRAME = 'landfall-action';
const KILL_AFTER_SECONDS = 10;
const STATES: ReadonlySet<unknown> = new Set(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'NOT_RUN']);

/** First on the disk, before the length of what follows its block. */
const DISK_MARK = 'landfall-scripts 1';
const DISK_BLOCK_BYTES = 512;
/** A multiple of the blocks of any disk. */
const DISK_UNIT_BYTES = 4096;
/** In which Linux counts the size of any disk. */
const SECTOR_BYTES = 512;

export interface RunnerPlace {
  readonly folder: string;
  readonly port: string;
  /** Has an entry for each disk, by its name. */
  readonly disks: string;
  /** Has the disks themselves. */
  readonly devices: string;
  /** The kernel finds disks while the system starts. */
  readonly diskWaitSeconds: number;
  /** The same, when all that is still to be done with the disk is to empty it, if it was not. */
  readonly leftDiskWaitSeconds: number;
}

const GUEST_PLACE: RunnerPlace = {
  ...{ folder: RUNNER_FOLDER, port: REPORT_PORT },
  ...{ disks: '/sys/block', devices: '/dev', diskWaitSeconds: 60, leftDiskWaitSeconds: 5 },
};

export function runnerScript(place: RunnerPlace = GUEST_PLACE): string {
  const { folder, port, disks, devices, diskWaitSeconds, leftDiskWaitSeconds } = place;
  return `#!/bin/sh
# Written by Landfall: runs the post-launch scripts of this machine, each once, and tells what became of them.
folder=${quote(folder)}
port=${quote(port)}
disks=${quote(disks)}
devices=${quote(devices)}
[ -e "$folder/done" ] && exit 0
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
if [ -c "$port" ] && ! stty -F "$port" raw -echo clocal 2> /dev/null; then port=/dev/null; fi
[ -e "$port" ] || port=/dev/null
exec 3>> "$port"

# Sets disk and bytes. A disk of the source may begin like it: the last one is, of the size that it has.
find_disk() {
  set --
  for entry in "$disks"/xvd? "$disks"/xvd?? "$disks"/hd? "$disks"/sd? "$disks"/sd?? "$disks"/vd? "$disks"/vd??; do
    set -- "$entry" "$@"
  done
  for entry in "$@"; do
    disk=$devices/\${entry##*/}
    [ -e "$disk" ] || continue
    head=$(head -c 64 "$disk" 2> /dev/null | tr -d '\\000' | head -n 1)
    bytes=\${head#'${DISK_MARK} '}
    case $bytes in
      "$head" | '' | *[!0-9]* | ?????????????*) continue ;;
    esac
    units=$(((bytes + ${DISK_BLOCK_BYTES + DISK_UNIT_BYTES - 1}) / ${DISK_UNIT_BYTES}))
    [ "$(cat "$entry/size" 2> /dev/null)" = "$((units * ${DISK_UNIT_BYTES / SECTOR_BYTES}))" ] && return 0
  done
  return 1
}

# Each file by a line: mode, name, content.
fetch() (
  umask 077
  rm -rf "$folder/actions"
  tail -c +${DISK_BLOCK_BYTES + 1} "$disk" | head -c "$bytes" > "$folder/arriving"
  while read -r mode name content; do
    mkdir -p "$(dirname "$folder/$name")"
    printf %s "$content" | base64 -d > "$folder/$name.arriving" || exit 1
    chmod "$mode" "$folder/$name.arriving"
    [ "$name" = plan ] || mv "$folder/$name.arriving" "$folder/$name"
  done < "$folder/arriving"
  rm -f "$folder/arriving"
  sync
  mv "$folder/plan.arriving" "$folder/plan" || exit 1
  sync
)

# The mark last: as long as anything is left, the disk is found.
empty_disk() {
  dd if=/dev/zero of="$disk" bs=${DISK_BLOCK_BYTES} seek=1 \\
    count="$(((bytes + ${DISK_BLOCK_BYTES - 1}) / ${DISK_BLOCK_BYTES}))" conv=notrunc 2> /dev/null || return
  sync
  dd if=/dev/zero of="$disk" bs=${DISK_BLOCK_BYTES} count=1 conv=notrunc 2> /dev/null
  sync
}

wait=${diskWaitSeconds}
[ -e "$folder/plan" ] && wait=${leftDiskWaitSeconds}
waited=0
until find_disk; do
  disk=
  [ "$waited" -lt "$wait" ] || break
  waited=$((waited + 1))
  sleep 1
done
if [ -n "$disk" ]; then
  [ -e "$folder/plan" ] || fetch || exit 1
  empty_disk
fi
# A machine without scripts, that began with the conversion of another.
[ -e "$folder/plan" ] || { : > "$folder/done"; exit 0; }

now() { echo "$(date +%s)000"; }
durable() { sync "$1" 2> /dev/null || sync; }

# tell STATE EXIT-CODE BEGAN ENDED
tell() {
  output=$(tail -c ${OUTPUT_BYTES_MAX} "$action/output" 2> /dev/null | base64 | tr -d '\\n')
  printf '\\n${FRAME} {"actionId":"%s","state":"%s","exitCode":%s,"startedAtMs":%s,"endedAtMs":%s,"output":"%s"}\\n' \\
    "$id" "$1" "$2" "$3" "$4" "$output" >&3
}

settle() {
  state=$1 code=$2 began=$3 ended=$4
  rm -f "$action/environment"
  echo "$state $code $began $ended" > "$action/result"
  durable "$action/result"
}

run_action() {
  began=$(now)
  echo "$began" > "$action/began"
  durable "$action/began"
  tell RUNNING null "$began" null
  (
    . "$action/environment"
    cd / || exit 1
    exec timeout -k ${KILL_AFTER_SECONDS} "$seconds" "$action/script"
  ) > "$action/output" 2>&1 < /dev/null 3>&-
  code=$?
  ended=$(now)
  state=FAILED
  [ "$code" -eq 0 ] && state=SUCCEEDED
  case $code in
    124 | 137 | 143) [ "$(((ended - began) / 1000 + 1))" -ge "$seconds" ] && state=TIMED_OUT ;;
  esac
  settle "$state" "$code" "$began" "$ended"
}

halted=no
while read -r id seconds must; do
  action=$folder/actions/$id
  if [ -s "$action/result" ]; then
    read -r state code began ended < "$action/result"
  elif [ "$halted" = yes ]; then
    settle NOT_RUN null null null
  elif [ -s "$action/began" ]; then
    read -r began < "$action/began"
    echo 'the machine was restarted while it ran' >> "$action/output"
    settle FAILED null "$began" "$(now)"
  else
    run_action
  fi
  tell "$state" "$code" "$began" "$ended"
  [ "$must" = yes ] && [ "$state" != SUCCEEDED ] && halted=yes
done < "$folder/plan"
: > "$folder/done"
sync
`;
}

export interface RunnerFile {
  /** Below the runner's folder. */
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

/** What is on the disk of a machine with these scripts, in the order in which they are to run. */
export function scriptsDisk(scripts: readonly GuestScript[]): Buffer {
  const lines = scriptFiles(scripts).map(({ name, text, mode }) => {
    return `0${mode.toString(8)} ${name} ${Buffer.from(text).toString('base64')}\n`;
  });
  const content = Buffer.from(lines.join(''));
  const usedBytes = DISK_BLOCK_BYTES + content.length;
  const disk = Buffer.alloc(Math.ceil(usedBytes / DISK_UNIT_BYTES) * DISK_UNIT_BYTES);
  disk.write(`${DISK_MARK} ${content.length}\n`);
  content.copy(disk, DISK_BLOCK_BYTES);
  return disk;
}

/** In the guest, when it has them. */
export function scriptFiles(scripts: readonly GuestScript[]): RunnerFile[] {
  const plan = scripts.map(({ actionId, timeoutSeconds, mustSucceed }) => {
    return `${actionId} ${timeoutSeconds} ${mustSucceed ? 'yes' : 'no'}\n`;
  });
  const files = scripts.flatMap(({ actionId, script, parameters }): RunnerFile[] => [
    { name: `actions/${actionId}/script`, text: script, mode: 0o700 },
    { name: `actions/${actionId}/environment`, text: environmentText(parameters), mode: 0o600 },
  ]);
  return [...files, { name: 'plan', text: plan.join(''), mode: 0o600 }];
}

function environmentText(parameters: Readonly<Record<string, string>>): string {
  const lines = Object.entries(parameters).map(
    ([name, value]) => `export LANDFALL_PARAMETER_${name}=${quote(value)}\n`,
  );
  return lines.join('');
}

/** G2: inside single quotes a shell knows no other character than the closing quote. */
export function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** The latest of each script, by its id; lines that are cut off or not ours are passed over. */
export function parseReports(text: string): ReadonlyMap<string, GuestScriptReport> {
  const reports = text.split('\n').flatMap((line): [string, GuestScriptReport][] => {
    const report = line.startsWith(`${FRAME} `) ? parseReport(line.slice(FRAME.length + 1)) : undefined;
    return report === undefined ? [] : [[report.actionId, report]];
  });
  return new Map(reports);
}

function parseReport(json: string): GuestScriptReport | undefined {
  const told = parseJson(json);
  if (typeof told !== 'object' || told === null) return undefined;
  const { actionId, state, exitCode, startedAtMs, endedAtMs, output } = told as Record<string, unknown>;
  if (typeof actionId !== 'string' || typeof output !== 'string' || !STATES.has(state)) return undefined;
  return {
    actionId,
    state: state as GuestScriptReport['state'],
    exitCode: wholeOrNull(exitCode),
    startedAtMs: wholeOrNull(startedAtMs),
    endedAtMs: wholeOrNull(endedAtMs),
    output: Buffer.from(output, 'base64').subarray(-OUTPUT_BYTES_MAX).toString('utf8'),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function wholeOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}
