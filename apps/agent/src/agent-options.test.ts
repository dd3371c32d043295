import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from './agent-options.ts';

test('an installation without a prompt names token, disks and tags', () => {
  const options = parseOptions(
    'install --token lf_x --no-prompt --devices /dev/a,/dev/b --tags env=prod,team=web --force-volumes'.split(
      ' ',
    ),
  );
  assert.equal(options.command, 'install');
  assert.equal(options.token, 'lf_x');
  assert.equal(options.prompt, false);
  assert.equal(options.forceVolumes, true);
  assert.equal(options.autoDiskDetection, true);
  assert.equal(options.scanMode, false);
  assert.equal(parseOptions(['install', '--scan-mode']).scanMode, true);
  assert.equal(parseOptions(['install', '--no-auto-disk-detection']).autoDiskDetection, false);
  assert.deepEqual(options.devices, ['/dev/a', '/dev/b']);
  assert.deepEqual(options.tags, { env: 'prod', team: 'web' });
  assert.equal(options.stateFolder, '/var/lib/landfall-agent');
});

test('a proxy is given to install and to configure', () => {
  const installed = parseOptions(['install', '--token', 'x', '--proxy', 'http://u:p@proxy:3128']);
  assert.equal(installed.proxy, 'http://u:p@proxy:3128');
  const configured = parseOptions(['configure', '--proxy=none']);
  assert.deepEqual([configured.command, configured.proxy], ['configure', 'none']);
});

test('free space is left out unless the installation says otherwise', () => {
  assert.equal(parseOptions(['install', '--token', 'lf_x']).skipFreeSpace, true);
  assert.equal(parseOptions(['install', '--token', 'lf_x', '--no-skip-free-space']).skipFreeSpace, false);
});

test('replication may use several connections, and there are bounds to that', () => {
  assert.equal(parseOptions(['install', '--token', 'lf_x']).streams, 4);
  assert.equal(parseOptions(['install', '--token', 'lf_x', '--streams', '16']).streams, 16);
  for (const streams of ['0', '17', '1.5', 'many']) {
    assert.throws(() => parseOptions(['install', `--streams=${streams}`]), { code: 'OPTION_INVALID' });
  }
});

test('a scan freezes nothing unless it is told to, and then within bounds', () => {
  assert.equal(parseOptions(['install', '--token', 'lf_x', '--scan-mode']).freeze, undefined);
  const standard = parseOptions(['install', '--token', 'lf_x', '--freeze']).freeze;
  assert.deepEqual(standard, { limitMs: 10_000, intervalMs: 3_600_000 });
  const named = parseOptions(['install', '--freeze', '--freeze-limit', '2.5', '--freeze-interval=0']).freeze;
  assert.deepEqual(named, { limitMs: 2500, intervalMs: 0 });
  for (const wrong of [
    '--freeze-limit=0',
    '--freeze-limit=301',
    '--freeze-interval=-1',
    '--freeze-interval=x',
  ]) {
    assert.throws(() => parseOptions(['install', '--freeze', wrong]), { code: 'OPTION_INVALID' }, wrong);
  }
});

test('with its own state folder an agent keeps its status there too', () => {
  assert.equal(parseOptions(['run', '--state-dir', '/x']).runtimeFolder, '/x');
});

test('a forecast takes a minute unless it is told how long', () => {
  assert.equal(parseOptions(['forecast']).minutes, 1);
  const named = parseOptions('forecast --minutes 0.5 --to backup.example:1500 --json'.split(' '));
  assert.deepEqual([named.minutes, named.to, named.json], [0.5, 'backup.example:1500', true]);
  for (const minutes of ['0', '-1', 'long', '100000']) {
    assert.throws(() => parseOptions(['forecast', `--minutes=${minutes}`]), { code: 'OPTION_INVALID' });
  }
});

test('a misspelt option and a tag without a value are refused with OPTION_INVALID', () => {
  assert.throws(() => parseOptions(['install', '--tokn', 'x']), { code: 'OPTION_INVALID' });
  assert.throws(() => parseOptions(['install', '--tags', 'novalue']), { code: 'OPTION_INVALID' });
  assert.throws(() => parseOptions(['run', 'away']), { code: 'OPTION_INVALID' });
});
