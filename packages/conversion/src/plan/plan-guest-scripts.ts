/** What runs post-launch scripts in a guest, and what starts it at the first boot. Pure. */
import type { GuestInspection } from '../guest/inspection.ts';
import type { ConversionStep } from './plan.ts';
import { RUNNER_FOLDER, runnerScript } from './post-launch-runner.ts';

export interface GuestFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** A step that answers no finding: nothing is wrong with the guest. */
export type GuestChange =
  | WithoutFinding<ConversionStep>
  /** Many files at once: every command to an appliance takes its time. */
  | {
      readonly kind: 'WRITE_FILES';
      readonly title: string;
      readonly files: readonly GuestFile[];
      readonly detail: string;
    };

type WithoutFinding<Step> = Step extends ConversionStep ? Omit<Step, 'finding'> : never;

export interface GuestScriptsPlan {
  readonly steps: readonly GuestChange[];
  /** Why the guest cannot run them by itself. */
  readonly impossible?: string;
}

const TITLE = 'Post-launch scripts';
const UNIT = 'landfall-post-launch.service';
const UNIT_PATH = `/etc/systemd/system/${UNIT}`;
const WANTS_PATH = `/etc/systemd/system/multi-user.target.wants/${UNIT}`;
const RC_LOCAL = '/etc/rc.local';
const RUNNER = `${RUNNER_FOLDER}/run`;

export const SYSTEMD_PRESENCE = '/{usr/lib,lib}/systemd/systemd';

const UNIT_TEXT = `# Written by Landfall.
[Unit]
Description=Landfall post-launch scripts
ConditionPathExists=!${RUNNER_FOLDER}/done
RequiresMountsFor=${RUNNER_FOLDER}
After=network.target

[Service]
# Simple: the start of the system does not wait for the scripts, so they can wait for it.
Type=simple
ExecStart=${RUNNER}
TimeoutStopSec=15

[Install]
WantedBy=multi-user.target
`;

export function planGuestScripts(
  { present, files }: Pick<GuestInspection, 'present' | 'files'>,
  runsScripts: boolean,
): GuestScriptsPlan {
  const aside = planAside(present);
  if (!runsScripts) return { steps: aside };
  const starter = planStarter(present, files);
  if (starter === undefined) {
    const impossible = 'the guest has neither systemd nor /etc/rc.local to start them';
    return { steps: aside, impossible };
  }
  const written = [{ path: RUNNER, text: runnerScript(), mode: 0o700 }, ...starter.files];
  const detail = `${RUNNER}: absent → runs the scripts of the machine once`;
  return {
    steps: [...aside, { kind: 'WRITE_FILES', title: TITLE, files: written, detail }, ...starter.steps],
  };
}

/** The source may itself have been launched once: what ran there is not to be taken for done here. */
function planAside(present: ReadonlySet<string>): GuestChange[] {
  if (!present.has(RUNNER_FOLDER)) return [];
  const to = `${RUNNER_FOLDER}.landfall-source`;
  return [{ kind: 'MOVE', title: TITLE, from: RUNNER_FOLDER, to, detail: `${RUNNER_FOLDER} → ${to}` }];
}

interface Starter {
  readonly files: readonly GuestFile[];
  readonly steps: readonly GuestChange[];
}

function planStarter(present: ReadonlySet<string>, files: ReadonlyMap<string, string>): Starter | undefined {
  if ([...present].some((path) => path.endsWith('/systemd/systemd'))) {
    const detail = `${UNIT}: absent → enabled`;
    return {
      files: [{ path: UNIT_PATH, text: UNIT_TEXT, mode: 0o644 }],
      steps: [{ kind: 'LINK', title: TITLE, path: WANTS_PATH, target: UNIT_PATH, detail }],
    };
  }
  const before = files.get(RC_LOCAL);
  if (before === undefined) return undefined;
  return { files: [{ path: RC_LOCAL, text: withRunner(before), mode: 0o755 }], steps: [] };
}

/** At its beginning, because it may end with `exit 0`. */
function withRunner(text: string): string {
  const line = `${RUNNER} &`;
  if (text.split('\n').includes(line)) return text;
  const [first = '', ...rest] = text.split('\n');
  return first.startsWith('#!') ? [first, line, ...rest].join('\n') : `#!/bin/sh\n${line}\n${text}`;
}
