/** One task in a process of its own: `worker.ts <task> <path> <parameters as JSON>`; its result is a line. */
import { append } from './append-task.ts';
import { openHistory, writeHistory } from './history-task.ts';
import { takeDay, takePoints } from './points-task.ts';
import { compareDisk, readRaw, readView, writeDisk } from './view-task.ts';
import { recover, writeWindow } from './window-task.ts';

const TASKS = {
  append,
  takePoints,
  takeDay,
  writeHistory,
  openHistory,
  writeWindow,
  recover,
  writeDisk,
  compareDisk,
  readView,
  readRaw,
};

export type Tasks = typeof TASKS;

/** As many as the replication server has. */
process.env.UV_THREADPOOL_SIZE ??= '8';
const [, , name = '', path = '', parameters = '{}'] = process.argv;
const task = (TASKS as Record<string, (path: string, parameters: never) => Promise<unknown>>)[name];
if (task === undefined) throw new RangeError(`there is no task ${name}`);
process.stdout.write(`${JSON.stringify(await task(path, JSON.parse(parameters) as never))}\n`);
