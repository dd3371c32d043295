/** What operators get wrong and what terminals do to them, with the command line as a process of its own. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import {
  startTestControlPlane,
  temporaryFolder,
} from '../../apps/control-plane/src/testing/test-control-plane.ts';
import { startTestSite } from '../../apps/control-plane/src/testing/test-site.ts';
import { installLandfall, runProcess } from './cli-process.ts';
import { CliSession, cliEnvironment, landfall } from './cli-session.ts';

const ESCAPE = '\u001b';
const NOWHERE = 'https://127.0.0.1:9';

async function startSite(t: TestContext) {
  const site = await startTestSite(t);
  const program = await installLandfall(await temporaryFolder(t));
  return { site, program, env: cliEnvironment(site.plane) };
}

test('Ctrl-C ends the waiting, not the launch, and says how to follow it', async (t) => {
  const { site, program, env } = await startSite(t);
  const { sourceServerId } = await site.addAgent();
  const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
  site.host.onCommand = (name) => (name === 'ensureMachine' ? held : undefined);
  let isInterrupted = false;
  const { exitCode, stderr, stdout } = await runProcess([program, 'launch', 'test', sourceServerId], {
    env,
    onStderr: (said, kill) => {
      if (!said.includes('JOB_START') || isInterrupted) return;
      isInterrupted = true;
      kill('SIGINT');
    },
  });
  goOn();
  const [, jobID] =
    /job (mgnjob-\w+) goes on\n {2}what to do: `landfall job watch \1` follows it/.exec(stderr) ?? [];
  assert.deepEqual([exitCode, stdout], [130, '']);
  assert.ok(jobID, stderr);
  assert.equal((await site.untilJobEnds(jobID)).status, 'COMPLETED');
});

test('a reader that goes away ends it in silence, and nothing has escape sequences without a terminal', async (t) => {
  const { site, program, env } = await startSite(t);
  await site.addAgent({ inspected: false });
  const piped = 'set -o pipefail; "$0" server list | true; echo "${PIPESTATUS[0]}"';
  const { stdout, stderr } = await runProcess(['bash', '-c', piped, program], { env });
  assert.deepEqual([stdout, stderr], ['141\n', '']);
  for (const words of [['server', 'list'], ['--help'], ['job', 'list'], ['no-such-command']]) {
    const said = await runProcess([program, ...words], { env: { ...env, NO_COLOR: '1', FORCE_COLOR: '0' } });
    assert.ok(!`${said.stdout}${said.stderr}`.includes(ESCAPE), words.join(' '));
  }
});

test('on a narrow terminal a row is a block of lines, on a wide one a line', async (t) => {
  const { site, program, env } = await startSite(t);
  const { sourceServerId } = await site.addAgent({ inspected: false });
  const onTerminal = async (columns: number) => {
    const command = `stty cols ${columns}; ${program} server list`;
    const { stdout, exitCode } = await runProcess(['script', '-qec', command, '/dev/null'], {
      env: { ...env, TERM: 'xterm' },
    });
    assert.equal(exitCode, 0, stdout);
    return stdout.replaceAll('\r', '');
  };
  assert.match(await onTerminal(40), new RegExp(`^ID +${sourceServerId}\nHOST NAME +web-1\n`, 'm'));
  assert.match(await onTerminal(200), new RegExp(`^${sourceServerId} +web-1 `, 'm'));
});

test('no control plane, wrong keys and a folder without any are told apart, each with what to do', async (t) => {
  const { program, env } = await startSite(t);
  const folder = await temporaryFolder(t);
  const failing = async (change: Readonly<Record<string, string>>, ...words: string[]) => {
    const { exitCode, stdout, stderr } = await runProcess([program, ...words], {
      env: { ...env, ...change },
    });
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, /what to do: /);
    assert.doesNotMatch(stderr, /^ +at /m, 'no stack');
    return stderr;
  };
  assert.match(await failing({ LANDFALL_ENDPOINT: NOWHERE }, 'server', 'list'), /API_UNREACHABLE/);
  assert.match(
    await failing({ AWS_SECRET_ACCESS_KEY: 'x'.repeat(40) }, 'server', 'list'),
    /InvalidSignatureException/,
  );
  assert.match(
    await failing({ AWS_ACCESS_KEY_ID: `AKIA${'A'.repeat(16)}` }, 'server', 'list'),
    /UnrecognizedClientException/,
  );
  const { exitCode, stderr } = await runProcess([program, '--state-dir', folder, 'server', 'list'], {
    env: {},
  });
  assert.equal(exitCode, 1);
  assert.match(stderr, /NOT_SET_UP: there is no control plane in .*\n {2}what to do: /);
});

test('unknown ids, wrong states and wrong usage are refused by name, with their exit codes', async (t) => {
  const site = await startTestSite(t);
  const { sourceServerId } = await site.addAgent({ inspected: false });
  await CliSession.begin(t, site.plane);
  const unknown = `s-${'0'.repeat(17)}`;
  for (const [words, exitCode, said] of [
    [['server', 'show', unknown], 1, /SERVER_NOT_FOUND.*\n {2}what to do: `landfall server list --all`/],
    [['server', 'show', 'nobody'], 1, /SERVER_NOT_FOUND/],
    [['job', 'watch', `mgnjob-${'0'.repeat(17)}`], 1, /JOB_NOT_FOUND.*\n {2}what to do: `landfall job list`/],
    [['import', 'watch', `import-${'0'.repeat(17)}`], 1, /INVENTORY_FAILED.*\n {2}what to do: /],
    [['tag', 'list', `wave-${'0'.repeat(17)}`], 1, /RESOURCE_NOT_FOUND.*\n {2}what to do: /],
    [['finalize', sourceServerId], 1, /ConflictException: .*\n {2}what to do: look at what it is doing/],
    [['revert', sourceServerId], 1, /NOTHING_TO_REVERT/],
    [
      ['server', 'set', sourceServerId],
      1,
      /OPTION_INVALID: nothing was given.*\n {2}what to do: `landfall server set/,
    ],
    [['server', 'list', '--filter', 'colour=red'], 1, /OPTION_INVALID.*\n {2}what to do: the names are/],
    [['launch', 'test', sourceServerId, 'other', '--at', 'epoch:1'], 1, /OPTION_INVALID.*one server/],
    [['server', 'watch', sourceServerId, '--until', 'HAPPY'], 2, /Allowed choices are/],
    [['server', 'lst'], 2, /Did you mean one of list, ls\?/],
    [['server', 'list', '--limit', '0'], 2, /at least 1/],
    [['server', 'show'], 2, /missing required argument 'server'/],
  ] as const) {
    const result = await landfall(words);
    assert.equal(result.exitCode, exitCode, `${words.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, said);
    assert.equal(result.stdout, '');
  }
});

test('a session whose time is over is told so', async (t) => {
  const plane = await startTestControlPlane(t);
  await CliSession.begin(t, plane);
  process.env.AWS_SESSION_TOKEN = 'of no session';
  const { exitCode, stderr } = await landfall(['server', 'list']);
  assert.equal(exitCode, 1);
  assert.match(stderr, /Exception: .*\n {2}what to do: /);
});
