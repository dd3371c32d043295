/**
 * A reporter for Node's test runner: it says nothing, and appends the files whose tests failed, one a line,
 * to the file named by LANDFALL_FAILED_FILES. So nobody need find them in what is written for people.
 */
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const FAILED_FILES = 'LANDFALL_FAILED_FILES';

/**
 * What this reads of Node's events. `file` is where the test was called, which may be a suite that several
 * files share; `entryFile` is what was run. Where a file failed as a whole `name` is it.
 */
export interface ReportedEvent {
  readonly type: string;
  readonly data: { readonly entryFile?: string; readonly file?: string; readonly name?: string };
}

/** Whole paths, each once, in the order of their first failure. */
export async function failedFilesOf(events: AsyncIterable<ReportedEvent>): Promise<readonly string[]> {
  const failed = new Set<string>();
  for await (const { type, data } of events) {
    if (type === 'test:fail') failed.add(resolve(data.entryFile ?? data.file ?? data.name ?? 'unknown'));
  }
  return [...failed];
}

async function* failedFiles(events: AsyncIterable<ReportedEvent>): AsyncGenerator<string> {
  const failed = await failedFilesOf(events);
  const list = process.env[FAILED_FILES];
  if (list !== undefined) appendFileSync(list, failed.map((file) => `${file}\n`).join(''));
  yield '';
}

/** Node's test runner takes a reporter from here. */
export { failedFiles as default };
