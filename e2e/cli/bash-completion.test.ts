/** The completion script in a real bash, with the command line as a process and a control plane to ask. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { temporaryFolder } from '../../apps/control-plane/src/testing/test-control-plane.ts';
import { startTestSite } from '../../apps/control-plane/src/testing/test-site.ts';
import { installLandfall, runProcess } from './cli-process.ts';
import { cliEnvironment } from './cli-session.ts';

/**
 * What bash does with a line and the cursor at its end: words split as readline splits them, then the
 * function that `complete` has for the command.
 */
const COMPLETE = `
source <(landfall completion bash)
[[ $(complete -p landfall) == *'-F _landfall'* ]] || exit 9
cd "$FOLDER"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=\${#COMP_LINE}
_landfall "$1" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
(( \${#COMPREPLY[@]} )) && printf '%s\\n' "\${COMPREPLY[@]}"
exit 0
`;

interface Bash {
  readonly folder: string;
  /** The words as readline splits them; the last is the one being typed. */
  complete(...words: string[]): Promise<string[]>;
}

async function startBash(t: TestContext, env: Readonly<Record<string, string>>): Promise<Bash> {
  const folder = await temporaryFolder(t);
  await installLandfall(folder);
  const PATH = `${folder}:${process.env.PATH ?? ''}`;
  return {
    folder,
    complete: async (...words) => {
      const argv = ['bash', '--norc', '-c', COMPLETE, 'bash', 'landfall', ...words] as const;
      const { exitCode, stdout, stderr } = await runProcess(argv, {
        env: { ...env, PATH, FOLDER: folder, LANDFALL_COMPLETION_MS: '60000' },
      });
      assert.deepEqual([exitCode, stderr], [0, ''], 'in silence');
      return stdout.split('\n').slice(0, -1).sort();
    },
  };
}

test('bash completes commands, options, values, files, and ids that the control plane knows', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent({ inspected: false });
  await site.plane.api.mgn('CreateApplication', { name: 'shop' });
  const bash = await startBash(t, cliEnvironment(site.plane));
  assert.deepEqual(await bash.complete('server', 'fore'), ['forecast']);
  assert.deepEqual(await bash.complete('launch', 'cutover', '--unp'), ['--unproved']);
  assert.deepEqual(await bash.complete('server', 'show', 's-'), [sourceServerId]);
  assert.deepEqual(await bash.complete('server', 'show', 'web'), ['web-1']);
  assert.deepEqual(await bash.complete('application', 'add', 'sh'), ['shop']);
  assert.deepEqual(await bash.complete('server', 'set-state', sourceServerId, 'CUT'), ['CUTOVER']);
  // Readline splits at `=`, and keeps what stands before it.
  assert.deepEqual(await bash.complete('server', 'list', '--filter', 'isA'), ['isArchived=']);
  assert.deepEqual(await bash.complete('server', 'list', '--filter', 'lifeCycleStates', '=', 'CUTO'), [
    'CUTOVER',
  ]);
  await writeFile(join(bash.folder, 'policy.json'), '{}');
  await mkdir(join(bash.folder, 'policies'));
  assert.deepEqual(await bash.complete('policy', 'put', 'read', 'pol'), ['policies', 'policy.json']);
  assert.deepEqual(await bash.complete('journal', 'export', 'web-1', '--to', 'pol'), ['policies']);
});

test('with nobody to ask, or nothing to complete, there is silence', async (t) => {
  const bash = await startBash(t, {});
  assert.deepEqual(await bash.complete('server', 'show', ''), []);
  assert.deepEqual(await bash.complete('no-such-command', ''), []);
  assert.deepEqual(await bash.complete('server', 'sho'), ['show']);
});
