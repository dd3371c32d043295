import assert from 'node:assert/strict';
import test from 'node:test';
import { EN } from './en/index.ts';
import { createFormats, parseIsoDuration } from './formats.ts';
import { KO } from './ko/index.ts';
import { chooseLanguage } from './languages.ts';
import { fill, slotsOf } from './translate.ts';

const english: Readonly<Record<string, string>> = EN;
const korean: Readonly<Record<string, string>> = KO;

test('both languages say the same things with the same slots', () => {
  assert.deepEqual(Object.keys(korean).sort(), Object.keys(english).sort());
  for (const [key, text] of Object.entries(english)) {
    assert.deepEqual(slotsOf(korean[key] ?? ''), slotsOf(text), key);
  }
});

test('no message is empty, and the Korean ones are Korean', () => {
  const sameInBoth = /^[\s\w:{}|/.,%()·–-]*$/;
  for (const [key, text] of Object.entries(korean)) {
    assert.notEqual(text.trim(), '', key);
    assert.ok(/[가-힣]/.test(text) || (sameInBoth.test(text) && text === english[key]), `${key}: ${text}`);
  }
});

test('slots are filled, words follow the number, and what has no value stays to be seen', () => {
  const message = '{count} {count|server|servers} of {name}';
  assert.equal(fill(message, { count: 1, name: '<b>' }, 'en'), '1 server of <b>');
  assert.equal(fill(message, { count: 1200, name: 'x' }, 'en'), '1,200 servers of x');
  assert.equal(fill(message, { count: 2 }, 'en'), '2 servers of {name}');
  assert.equal(fill('{toString}', {}, 'en'), '{toString}');
  assert.deepEqual(slotsOf(message), ['count', 'name']);
});

test('quantities are written in both languages, and what is unknown is a dash', () => {
  const en = createFormats('en', 'UTC');
  const ko = createFormats('ko', 'UTC');
  assert.equal(en.bytes(0), '0 B');
  assert.equal(en.bytes(1536), '1.5 KiB');
  assert.equal(en.bytes(3 * 1024 ** 4), '3 TiB');
  assert.equal(en.bytes(undefined), '–');
  assert.equal(en.rate(1024), '1 KiB/s');
  assert.equal(en.duration(3200), '3.2 sec');
  assert.equal(en.duration(12_000_000), '3 hr 20 min');
  assert.equal(en.duration(86_400_000), '1 day');
  assert.equal(ko.duration(3200), '3.2초');
  assert.equal(en.percent(0.99999), '99.9%');
  assert.equal(en.percent(1), '100%');
  assert.equal(en.dateTime('not a time'), '–');
  assert.match(en.instant('2026-01-31T12:00:05Z'), /Jan 31, 2026, 12:00:05\sPM/);
  assert.equal(en.relative('2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12, 3)), '3 minutes ago');
  assert.equal(en.relative('2026-01-31T12:00:05Z', Date.UTC(2026, 0, 31, 12)), 'now');
  assert.equal(ko.relative('2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12, 3)), '3분 전');
});

test('durations are read as the API writes them', () => {
  assert.equal(parseIsoDuration('PT3.2S'), 3200);
  assert.equal(parseIsoDuration('P1DT2H3M4S'), 93_784_000);
  assert.equal(parseIsoDuration('PT0S'), 0);
  for (const text of [undefined, '', 'P1Y', 'PT-1S', '3 seconds'])
    assert.equal(parseIsoDuration(text), undefined);
});

test('the language is the chosen one, else what the browser asks for, else English', () => {
  assert.equal(chooseLanguage('ko', ['en-US']), 'ko');
  assert.equal(chooseLanguage(null, ['fr', 'ko-KR', 'en']), 'ko');
  assert.equal(chooseLanguage('xx', ['fr']), 'en');
});
