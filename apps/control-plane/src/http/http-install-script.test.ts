import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { run } from '@landfall/runtime';
import { startTestProxy } from '@landfall/runtime/testing';
import { cleanUpAfter } from '../testing/clean-up.ts';
import { startTestControlPlane, temporaryFolder } from '../testing/test-control-plane.ts';

test('the proxy given to the installer is the way of its download, and is passed on to the agent', async (t) => {
  const folder = await temporaryFolder(t);
  const agentBinary = join(folder, 'agent.gz');
  await writeFile(agentBinary, gzipSync('#!/bin/sh\necho "agent $*"\n'));
  const plane = await startTestControlPlane(t, { agentBinary });
  const proxy = await startTestProxy({ credentials: 'jo:pw', hosts: { '127.0.0.1': '127.0.0.1' } });
  cleanUpAfter(t, () => proxy.close());
  const script = (await run(['curl', '-fsSk', `${plane.url}/install.sh`])).stdout;
  const place = join(folder, 'bin');
  await mkdir(place);
  const here = script
    .replaceAll('/usr/local/bin', place)
    .replace('"$(id -u)"', '0')
    .replace('/run/systemd/system', '/');
  const install = (...parameters: readonly string[]) =>
    run(['sh', '-s', '--', '--token', 'lf_x', ...parameters], { input: here });
  const ways: readonly (readonly string[])[] = [['--proxy', proxy.url], [`--proxy=${proxy.url}`]];
  for (const [index, way] of ways.entries()) {
    const installed = await install(...way);
    assert.equal(installed.exitCode, 0, installed.stderr);
    assert.match(installed.stdout, new RegExp(`agent install --token lf_x ${way.join(' ')} --no-prompt`));
    assert.equal(proxy.asked.length, index + 1);
  }
  const straight = await install('--proxy', 'none');
  assert.equal(straight.exitCode, 0, straight.stderr);
  assert.equal(proxy.asked.length, ways.length);
  assert.notEqual((await install('--proxy', proxy.url.replace('pw@', 'wrong@'))).exitCode, 0);
});
