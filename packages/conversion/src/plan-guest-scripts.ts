/** How post-launch scripts get into a guest: files, and what starts them at the first boot. Pure. */
import type { GuestInspection } from './inspection.ts';
import type { ConversionStep } from './plan.ts';
import { type GuestScript, RUNNER_FOLDER, runnerFiles } from './post-launch-runner.ts';

/** A step that answers no finding: nothing is wrong with the guest. */
export type GuestChange = ConversionStep extends infer Step
  ? Step extends ConversionStep
    ? Omit<Step, 'finding'>
    : never
  : never;

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
  scripts: readonly GuestScript[],
): GuestScriptsPlan {
  const aside = planAside(present);
  if (scripts.length === 0) return { steps: aside };
  const starter = planStarter(present, files);
  if (starter === undefined) {
    const impossible = 'the guest has neither systemd nor /etc/rc.local to start them';
    return { steps: aside, impossible };
  }
  const written = runnerFiles(scripts).map(({ name, text, mode }): GuestChange => {
    const path = `${RUNNER_FOLDER}/${name}`;
    return { kind: 'WRITE_FILE', title: TITLE, path, text, mode, detail: `${path}: absent → written` };
  });
  return { steps: [...aside, ...written, ...starter] };
}

/** The source may itself have been launched once: what ran there is not to be taken for done here. */
function planAside(present: ReadonlySet<string>): GuestChange[] {
  if (!present.has(RUNNER_FOLDER)) return [];
  const to = `${RUNNER_FOLDER}.landfall-source`;
  return [{ kind: 'MOVE', title: TITLE, from: RUNNER_FOLDER, to, detail: `${RUNNER_FOLDER} → ${to}` }];
}

function planStarter(
  present: ReadonlySet<string>,
  files: ReadonlyMap<string, string>,
): readonly GuestChange[] | undefined {
  if ([...present].some((path) => path.endsWith('/systemd/systemd'))) {
    const write = { kind: 'WRITE_FILE', path: UNIT_PATH, text: UNIT_TEXT, mode: 0o644 } as const;
    const link = { kind: 'LINK', path: WANTS_PATH, target: UNIT_PATH } as const;
    return [
      { ...write, title: TITLE, detail: `${UNIT_PATH}: absent → starts them once` },
      { ...link, title: TITLE, detail: `${UNIT}: absent → enabled` },
    ];
  }
  const before = files.get(RC_LOCAL);
  if (before === undefined) return undefined;
  const detail = `${RC_LOCAL}: starts them, once`;
  return [
    { kind: 'WRITE_FILE', title: TITLE, path: RC_LOCAL, text: withRunner(before), mode: 0o755, detail },
  ];
}

/** At its beginning, because it may end with `exit 0`. */
function withRunner(text: string): string {
  const line = `${RUNNER} &`;
  if (text.split('\n').includes(line)) return text;
  const [first = '', ...rest] = text.split('\n');
  return first.startsWith('#!') ? [first, line, ...rest].join('\n') : `#!/bin/sh\n${line}\n${text}`;
}
