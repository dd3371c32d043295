/** The scripts in their shells, with a program in the place of ours that says what it was asked. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { runChecked } from '@landfall/runtime';
import { type Shell, shellScript } from './shell-scripts.ts';

const PROGRAM = `#!/bin/sh
printf '%s|' "$@" >> asked
echo >> asked
for last; do :; done
case "$last" in
  a*) printf 'alpha\\tthe first\\nalpine:3\\tthe second\\n' ;;
  --*) printf -- '--only=\\tthe one\\n' ;;
  f*) printf ':files\\n' ;;
  m*) printf ':folders\\n' ;;
esac
`;

/** A terminal of its own for zsh: a key completes, another tells what the line is then. */
const ZSH_TYPIST = `
zmodload zsh/zpty
zpty typist zsh -f -i
zpty -w typist "PS1='>'; autoload -Uz compinit; compinit -u -D; source ./script; setopt NO_BEEP
bindkey '^I' complete-word; tell() { print -r -- \\"<<\\$BUFFER>>\\"; BUFFER=; }
zle -N tell; bindkey '^X' tell; print READ''Y"
zpty -r typist said '*READY*'
for line in "$@"; do
  zpty -n -w typist "$line"$'\\t'$'\\x18'
  zpty -r typist said $'*<<*>>*'
  print -r -- "\${\${said#*<<}%%>>*}"
done
zpty -d typist
`;

const FISH_TYPIST = `source ./script; for line in $argv; echo "= $line"; complete -C $line; end`;

interface Typed {
  readonly lines: readonly string[];
  /** A line a call, its arguments ended by `|`. */
  readonly asked: readonly string[];
}

async function typeInto(t: TestContext, shell: Shell, argv: readonly string[]): Promise<Typed> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-shell-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'many parts'));
  await writeFile(join(folder, 'file one.csv'), '');
  await writeFile(join(folder, 'landfall'), PROGRAM);
  await chmod(join(folder, 'landfall'), 0o755);
  await writeFile(join(folder, 'script'), shellScript(shell));
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, TERM: 'xterm' };
  const { stdout } = await runChecked([...argv], { cwd: folder, env, timeoutMs: 120_000 });
  const asked = await readFile(join(folder, 'asked'), 'utf8');
  return { lines: stdout.replace(/\r?\n$/, '').split('\n'), asked: asked.trimEnd().split('\n') };
}

function skipWithout(shell: Shell): string | false {
  return existsSync(`/usr/bin/${shell}`) ? false : `${shell} is not installed: apt-get install ${shell}`;
}

test('zsh completes words, options, files and folders', { skip: skipWithout('zsh') }, async (t) => {
  const typed = [
    ...['landfall al', 'landfall x alpi', 'landfall x --'],
    ...['landfall x fi', 'landfall x ma', `landfall 'q r' alpi`],
  ];
  const { lines, asked } = await typeInto(t, 'zsh', ['zsh', '-f', '-c', ZSH_TYPIST, 'typist', ...typed]);
  assert.deepEqual(lines, [
    ...['landfall alp', 'landfall x alpine:3 ', 'landfall x --only='],
    ...['landfall x file\\ one.csv ', 'landfall x many\\ parts/', `landfall 'q r' alpine:3 `],
  ]);
  assert.deepEqual(asked.at(-1), '__complete|--|q r|alpi|', 'words come without their quotes');
  assert.equal(asked[0], '__complete|--|al|');
});

test('fish completes words, options, files and folders', { skip: skipWithout('fish') }, async (t) => {
  const typed = ['landfall a', 'landfall x --', 'landfall x fi', 'landfall x ma', `landfall 'q r' a`];
  const { lines, asked } = await typeInto(t, 'fish', ['fish', '--no-config', '-c', FISH_TYPIST, ...typed]);
  const words = ['alpha\tthe first', 'alpine:3\tthe second'];
  assert.deepEqual(lines, [
    ...['= landfall a', ...words, '= landfall x --', '--only=\tthe one'],
    ...['= landfall x fi', 'file one.csv', '= landfall x ma', 'many parts/\tDirectory'],
    ...[`= landfall 'q r' a`, ...words],
  ]);
  assert.equal(asked.at(-1), '__complete|--|q r|a|');
});
