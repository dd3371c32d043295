import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hasPoweredOff,
  parseAddress,
  parseBlockJob,
  parseDomainState,
  parseMark,
  parseNetwork,
} from './libvirt-state.ts';

test('the states of domains are understood with their reasons', () => {
  const states = {
    'running (booted)': 'RUNNING',
    'running (unpaused)': 'RUNNING',
    'paused (I/O error)': 'DISK_ERROR',
    'paused (user)': 'PAUSED',
    'crashed (panicked)': 'PANICKED',
    'shut off (shutdown)': 'POWERED_OFF',
    'shut off (destroyed)': 'ABSENT',
    'shut off (crashed)': 'ABSENT',
    'shut off (failed)': 'ABSENT',
    'shut off (unknown)': 'ENDED',
    pmsuspended: 'PAUSED',
  };
  for (const [text, state] of Object.entries(states)) assert.equal(parseDomainState(text), state, text);
});

test("the last line of a domain's log tells whether its guest powered off", () => {
  const shutdown = '2026-01-01 00:00:00.000+0000: shutting down, reason=shutdown\n';
  assert.equal(hasPoweredOff(shutdown), true);
  assert.equal(hasPoweredOff(`${shutdown}2026-01-01 00:00:01.000+0000: starting up\n`), false);
  assert.equal(hasPoweredOff('2026-01-01 00:00:00.000+0000: shutting down, reason=destroyed\n'), false);
  assert.equal(hasPoweredOff(''), false);
});

test('a mark is read from metadata, and foreign metadata is none', () => {
  assert.equal(parseMark('<machine state="STARTED"/>'), 'STARTED');
  assert.equal(parseMark("<machine state='STOPPED'/>"), 'STOPPED');
  assert.equal(parseMark('<machine state="ELSE"/>'), undefined);
});

test('a block job tells how far it is; without one there is nothing', () => {
  const text = ' type=Block Pull\n bandwidth=4194304\n cur=2097152\n end=8388608';
  assert.deepEqual(parseBlockJob(text), { doneBytes: 2_097_152, bytesPerSecondMax: 4_194_304 });
  assert.equal(parseBlockJob(''), undefined);
});

test('a network without a way out is isolated', () => {
  const network = (inside: string) => parseNetwork(`<network><name>n</name>${inside}</network>`);
  assert.deepEqual(network(''), { name: 'n', kind: 'ISOLATED' });
  assert.deepEqual(network("<forward mode='nat'><nat/></forward>"), { name: 'n', kind: 'NAT' });
  assert.deepEqual(network('<forward/>'), { name: 'n', kind: 'NAT' });
  assert.deepEqual(network("<forward mode='bridge'/>"), { name: 'n', kind: 'BRIDGE' });
  assert.deepEqual(network("<forward mode='route'/>"), { name: 'n', kind: 'OTHER' });
});

test('the address of a lease is found', () => {
  const text = ' vnet0      52:54:00:57:df:73    ipv4         192.168.219.7/24';
  assert.equal(parseAddress(text), '192.168.219.7');
  assert.equal(parseAddress(''), undefined);
});
