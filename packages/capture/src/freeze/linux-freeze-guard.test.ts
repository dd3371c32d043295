/**
 * The guard with tools that do what the real ones do only now and then: they hang, are killed, are slow, or
 * speak another language. What they freeze are real file systems.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { runChecked, systemClock } from '@landfall/runtime';
import { inOwnMounts } from '../disks/linux-own-mounts.testing.ts';
import { TEST_GUARD_COMMAND } from './freeze-guard.testing.ts';
import { FROZEN_LINE, type FrozenReport, type GuardRequest } from './linux-freeze-guard.ts';
import { createRig, isWritable, PATIENCE_MS, type Rig, untilThawed } from './linux-freeze-rig.testing.ts';

/** A quarter of it is enough for the tools to be started. */
const LIMIT_MS = 6000;
const LONG_LIMIT_MS = 10 * PATIENCE_MS;

type Tools = Readonly<Record<'fsfreeze' | 'sync', string>>;

/** Shell scripts in place of tools; they find the real ones where these tests run them from. */
class ToolFolder {
  readonly #folder: string;

  constructor({ folder }: Rig, scripts: Partial<Tools>) {
    this.#folder = join(folder, 'tools');
    mkdirSync(this.#folder);
    for (const [name, script] of Object.entries(scripts)) {
      const lines = ['#!/bin/sh', `echo "$*" >> ${this.#pathOf(`${name}.calls`)}`];
      const real = `real() { PATH=${process.env.PATH} command ${name} "$@"; }`;
      writeFileSync(this.#pathOf(name), [...lines, real, script, ''].join('\n'), { mode: 0o755 });
    }
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, PATH: `${this.#folder}:${process.env.PATH}` };
  }

  calls(name: keyof Tools): readonly string[] {
    const path = this.#pathOf(`${name}.calls`);
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  }

  #pathOf(name: string): string {
    return join(this.#folder, name);
  }
}

interface GuardProcess {
  readonly process: ChildProcess;
  readonly report: Promise<FrozenReport>;
}

/** Killed with the test. `isAgentGone`: its standard input ends at once. */
function startGuard(
  context: TestContext,
  request: GuardRequest,
  { env, isAgentGone = false }: { readonly env: NodeJS.ProcessEnv; readonly isAgentGone?: boolean },
): GuardProcess {
  const [command = '', ...parameters] = [...TEST_GUARD_COMMAND, JSON.stringify(request)];
  const guard = spawn(command, parameters, {
    ...{ env, stdio: [isAgentGone ? 'ignore' : 'pipe', 'pipe', 'inherit'] },
  });
  context.after(() => guard.kill('SIGKILL'));
  const report = Promise.withResolvers<FrozenReport>();
  assert.ok(guard.stdout !== null);
  createInterface({ input: guard.stdout }).on('line', (line) => {
    if (line.startsWith(FROZEN_LINE)) report.resolve(JSON.parse(line.slice(FROZEN_LINE.length)));
  });
  return { process: guard, report: report.promise };
}

async function untilFileIn(path: string): Promise<string> {
  for (let waitedMs = 0; !existsSync(path) && waitedMs < PATIENCE_MS; waitedMs += 50)
    await systemClock.sleep(50);
  return readFileSync(path, 'utf8');
}

function defineTests(): void {
  test('what a freeze froze whose tool was killed is thawed', async (context) => {
    const rig = await createRig(context);
    const script = 'real "$@"; case "$1" in --freeze) kill -KILL $$ ;; esac';
    const tools = new ToolFolder(rig, { fsfreeze: script });
    const request = { ...rig, mountPoints: [rig.mountPoint], limitMs: LONG_LIMIT_MS };
    const guard = startGuard(context, request, { env: tools.environment });
    const { frozen, refusals } = await guard.report;
    assert.deepEqual(frozen, [rig.mountPoint]);
    assert.match(refusals.join(), /SIGKILL/);
    guard.process.stdin?.end();
    await untilThawed(rig);
  });

  for (const end of ['LIMIT', 'AGENT_GONE'] as const) {
    test(`while the next freeze hangs, what is frozen is thawed in time (${end})`, async (context) => {
      const rig = await createRig(context);
      const hanging = await createRig(context);
      const started = join(rig.folder, 'hanging');
      // Renamed, so that it is there in whole.
      const hang = `echo $$ > ${started}.new; mv ${started}.new ${started}; exec sleep 1000`;
      const script = `case "$*" in "--freeze ${hanging.mountPoint}") ${hang} ;; esac; real "$@"`;
      const tools = new ToolFolder(rig, { fsfreeze: script });
      const request = {
        recordPath: rig.recordPath,
        mountPoints: [rig.mountPoint, hanging.mountPoint],
        limitMs: end === 'LIMIT' ? LIMIT_MS : LONG_LIMIT_MS,
      };
      const guard = startGuard(context, request, { env: tools.environment });
      const hungProcess = Number(await untilFileIn(started));
      context.after(() => killIfThere(hungProcess));
      if (end === 'AGENT_GONE') guard.process.stdin?.end();
      assert.ok(await isWritable(rig.mountPoint), 'the first one can be written');
      assert.ok(existsSync(rig.recordPath), 'the other one may become frozen yet');
      process.kill(hungProcess, 'SIGKILL');
      const { frozen, refusals } = await guard.report;
      assert.deepEqual(frozen, []);
      assert.match(refusals.join(), /time was over/);
      await untilThawed(rig);
      const thaws = tools.calls('fsfreeze').filter((call) => call.startsWith('--unfreeze'));
      const expected = [rig, hanging].map(({ mountPoint }) => `--unfreeze ${mountPoint}`);
      assert.deepEqual(thaws, expected, 'each once: somebody else may freeze it afterwards');
    });
  }

  test('nothing is frozen for an agent that is gone before', async (context) => {
    const rig = await createRig(context);
    const tools = new ToolFolder(rig, { fsfreeze: 'real "$@"' });
    const request = { ...rig, mountPoints: [rig.mountPoint], limitMs: LONG_LIMIT_MS };
    const guard = startGuard(context, request, { env: tools.environment, isAgentGone: true });
    await once(guard.process, 'exit');
    assert.deepEqual(tools.calls('fsfreeze'), []);
    assert.ok(!existsSync(rig.recordPath));
  });

  const syncs = { 'is slow': 'sleep 2', hangs: 'exec sleep 1000', fails: 'echo "no space" >&2; exit 1' };
  for (const [what, slow] of Object.entries(syncs)) {
    test(`nothing is frozen where writing out ${what} when everything was just written out`, async (context) => {
      const rig = await createRig(context);
      const second = join(rig.folder, 'second');
      const script = `if [ -e ${second} ]; then ${slow}; fi; touch ${second}; real "$@"`;
      const tools = new ToolFolder(rig, { sync: script, fsfreeze: 'real "$@"' });
      const request = { ...rig, mountPoints: [rig.mountPoint], limitMs: LIMIT_MS };
      const guard = startGuard(context, request, { env: tools.environment });
      const { frozen, refusals } = await guard.report;
      assert.deepEqual(frozen, []);
      const reason =
        what === 'fails' ? /no space/ : /more than a quarter of the 6\.0 s that a freeze may take/;
      assert.match(refusals.join(), reason);
      assert.deepEqual(tools.calls('fsfreeze'), []);
      assert.ok(!existsSync(rig.recordPath));
      guard.process.stdin?.end();
      await once(guard.process, 'exit');
    });
  }

  test('what somebody else thawed is taken for thawed, whatever language the tools speak', async (context) => {
    const rig = await createRig(context);
    const german = 'echo "fsfreeze: Auftauen gescheitert: Das Argument ist ungültig" >&2; exit 1';
    const script = `if [ "$LC_ALL" = C ]; then real "$@"; else real "$@" 2>/dev/null || { ${german}; }; fi`;
    const tools = new ToolFolder(rig, { fsfreeze: script });
    const request = { ...rig, mountPoints: [rig.mountPoint], limitMs: LONG_LIMIT_MS };
    const env = { ...tools.environment, LC_ALL: 'de_DE.UTF-8' };
    const guard = startGuard(context, request, { env });
    assert.deepEqual((await guard.report).frozen, [rig.mountPoint]);
    await runChecked(['fsfreeze', '--unfreeze', rig.mountPoint]);
    guard.process.stdin?.end();
    await untilThawed(rig);
  });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in the test, as it should.
  }
}

inOwnMounts(import.meta.filename, 'the guard thaws whatever its tools do', defineTests);
