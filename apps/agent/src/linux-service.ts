/** The agent as a systemd service, and its executable under /usr/local/bin. */
import { access, chmod, copyFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSea } from 'node:sea';
import { OperationError, runChecked, syncFolder, systemErrorCode } from '@landfall/runtime';
import { CPU_WEIGHT, NICE } from './linux-priority.ts';

export const SERVICE_NAME = 'landfall-agent.service';
export const UNIT_FOLDER_DEFAULT = '/etc/systemd/system';
export const EXECUTABLE_PATH = '/usr/local/bin/landfall-agent';
/** The exit code of `run` after it has uninstalled itself: systemd must not start it again. */
export const EXIT_UNINSTALLED = 64;

export async function hasSystemd(): Promise<boolean> {
  return exists('/run/systemd/system');
}

/** The command that starts this program: the installed executable, or Node with this source. */
export async function installExecutable(): Promise<readonly string[]> {
  const own = await realpath(process.execPath);
  if (!isSea()) return [own, await realpath(process.argv[1] ?? '')];
  if (own === EXECUTABLE_PATH) return [EXECUTABLE_PATH];
  const temporary = `${EXECUTABLE_PATH}.new`;
  await copyFile(own, temporary);
  await chmod(temporary, 0o755);
  await rename(temporary, EXECUTABLE_PATH);
  await syncFolder('/usr/local/bin');
  return [EXECUTABLE_PATH];
}

/** Threads for reads of disks; and few arenas, because each keeps what its threads have freed. */
export const SERVICE_ENVIRONMENT = { UV_THREADPOOL_SIZE: '16', MALLOC_ARENA_MAX: '2' } as const;

export function unitText(command: readonly string[]): string {
  return `[Unit]
Description=Landfall replication agent
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=${command.join(' ')} run
Restart=always
RestartSec=1
RestartPreventExitStatus=${EXIT_UNINSTALLED}
SuccessExitStatus=${EXIT_UNINSTALLED}
OOMScoreAdjust=-900
Nice=${NICE}
CPUWeight=${CPU_WEIGHT}
Environment=${Object.entries(SERVICE_ENVIRONMENT)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')}
RuntimeDirectory=landfall-agent
RuntimeDirectoryPreserve=yes
KillMode=mixed
TimeoutStopSec=20

[Install]
WantedBy=multi-user.target
`;
}

/** Errors: SERVICE_NOT_STARTED. */
export async function installService(unitFolder: string, command: readonly string[]): Promise<void> {
  await writeFile(join(unitFolder, SERVICE_NAME), unitText(command), { mode: 0o644 });
  try {
    await runChecked(['systemctl', 'daemon-reload']);
    await runChecked(['systemctl', 'enable', SERVICE_NAME]);
    await runChecked(['systemctl', 'restart', SERVICE_NAME]);
  } catch (cause) {
    throw new OperationError('SERVICE_NOT_STARTED', 'systemd did not start the agent', {
      hint: `see \`systemctl status ${SERVICE_NAME}\` and \`journalctl -u ${SERVICE_NAME}\``,
      cause,
    });
  }
}

/** Removes unit and executable; with `stop` also ends the running service (not from within it). */
export async function removeService(unitFolder: string, options: { readonly stop: boolean }): Promise<void> {
  const unit = join(unitFolder, SERVICE_NAME);
  if ((await exists(unit)) && (await hasSystemd())) {
    await runChecked(['systemctl', 'disable', ...(options.stop ? ['--now'] : []), SERVICE_NAME]);
  }
  await rm(unit, { force: true });
  if (await hasSystemd()) await runChecked(['systemctl', 'daemon-reload']);
  if (isSea() && (await realpath(process.execPath)) === EXECUTABLE_PATH)
    await rm(EXECUTABLE_PATH, { force: true });
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
