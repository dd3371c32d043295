/**
 * Loaded into a launch host before its program (`--import`): writes down every step of a launch that
 * something outside of the process can see, and kills the process at one of them. A step is a file that is
 * put in its place within a machine's folder, or a program that is started for it. So a step that is added to
 * the launch host is seen here without being named anywhere.
 *
 *   LANDFALL_TEST_STEPS   file that gets a line for each step
 *   LANDFALL_TEST_KILL    `before N` or `after N`: at the N-th step, the first being 0
 *   LANDFALL_TEST_HASTE   waits of ten minutes and more are that many times shorter
 */
import childProcess from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

const MACHINE = /\/machines\/i-[0-9a-f]{17}(\/|$)/;
const HASTENED_FROM_MS = 10 * 60_000;
const { LANDFALL_TEST_STEPS: stepsFile, LANDFALL_TEST_KILL: kill = '' } = process.env;
const [side, number] = kill.split(' ');
const haste = Number(process.env.LANDFALL_TEST_HASTE ?? 1);
let count = 0;

/** The number of the step, which is about to be done. */
function begin(name: string): number {
  const index = count;
  count += 1;
  if (stepsFile !== undefined) appendFileSync(stepsFile, `${name}\n`);
  if (side === 'before' && index === Number(number)) process.kill(process.pid, 'SIGKILL');
  return index;
}

function end(index: number): void {
  if (side === 'after' && index === Number(number)) process.kill(process.pid, 'SIGKILL');
}

/** `machine.json CONVERTED`: with what it says of the machine. */
function describeFile(from: string, to: string): string {
  if (basename(to) !== 'machine.json') return basename(to);
  return `machine.json ${JSON.parse(readFileSync(from, 'utf8')).phase}`;
}

const { rename } = fsPromises;
fsPromises.rename = async (from, to) => {
  if (!MACHINE.test(String(to))) return await rename(from, to);
  const index = begin(describeFile(String(from), String(to)));
  await rename(from, to);
  end(index);
};

const { spawn } = childProcess;
const spawnNoted = (command: string, parameters: readonly string[], ...rest: unknown[]) => {
  const words = [command, ...parameters];
  const isGuestfish = words.at(-1) === 'guestfish' && count > 0;
  const isOfMachine = words.some((word) => MACHINE.test(word));
  const start = () => Reflect.apply(spawn, childProcess, [command, parameters, ...rest]);
  if (!isGuestfish && !isOfMachine) return start();
  const name = command.startsWith('qemu-img') ? `qemu-img ${parameters[0]}` : words.at(-1);
  const index = begin(isGuestfish || command.startsWith('qemu-img') ? String(name) : command);
  const child = start();
  end(index);
  return child;
};
childProcess.spawn = spawnNoted as typeof spawn;
syncBuiltinESMExports();

const { setTimeout: wait } = globalThis;
const hastened = (action: () => void, delayMs = 0, ...rest: unknown[]) =>
  Reflect.apply(wait, globalThis, [action, delayMs >= HASTENED_FROM_MS ? delayMs / haste : delayMs, ...rest]);
globalThis.setTimeout = Object.assign(hastened, wait) as typeof wait;
