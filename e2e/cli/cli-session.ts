/**
 * The command line in this process against a control plane of a test: what it says, how it ends, and which
 * operations it called, as the audit log of the control plane tells.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { describeFailure } from '../../apps/cli/src/failure.ts';
import { buildProgram } from '../../apps/cli/src/program.ts';
import type { TestControlPlane } from '../../apps/control-plane/src/testing/test-control-plane.ts';

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun extends CliResult {
  /** `server list` */
  readonly path: string;
  /** `mgn:DescribeSourceServers` */
  readonly called: ReadonlySet<string>;
}

const AUDIT_PAGE = 200;

/** `landfall …` in this process. */
export async function landfall(words: readonly string[]): Promise<CliResult> {
  let [stdout, stderr] = ['', ''];
  const program = buildProgram({
    writeOut: (text) => {
      stdout += text;
    },
    writeErr: (text) => {
      stderr += text;
    },
  });
  process.exitCode = 0;
  try {
    await program.parseAsync(words, { from: 'user' });
    const exitCode = Number(process.exitCode);
    return { exitCode, stdout, stderr };
  } catch (error) {
    const { exitCode, text } = describeFailure(error);
    return { exitCode, stdout, stderr: `${stderr}${text}` };
  } finally {
    process.exitCode = 0;
  }
}

/** The environment as `eval "$(landfall env)"` leaves it. */
export function cliEnvironment({ admin }: TestControlPlane): Readonly<Record<string, string>> {
  return {
    LANDFALL_ENDPOINT: admin.endpoint,
    LANDFALL_CA_FILE: admin.caFile,
    AWS_ACCESS_KEY_ID: admin.accessKeyId,
    AWS_SECRET_ACCESS_KEY: admin.secretAccessKey,
    AWS_DEFAULT_REGION: admin.region,
  };
}

export class CliSession {
  readonly runs: CliRun[] = [];
  readonly #plane: TestControlPlane;
  /** Ids of audit events. */
  readonly #seen = new Set<string>();

  private constructor(plane: TestControlPlane) {
    this.#plane = plane;
  }

  static async begin(t: TestContext, plane: TestControlPlane): Promise<CliSession> {
    const before = { ...process.env };
    t.after(() => {
      process.env = before;
    });
    Object.assign(process.env, cliEnvironment(plane));
    const session = new CliSession(plane);
    await session.#newCalls();
    return session;
  }

  /** A command that does what it is asked. */
  async done(path: string, ...words: string[]): Promise<CliRun> {
    const run = await this.tried(path, ...words);
    assert.equal(run.exitCode, 0, `landfall ${path} ${words.join(' ')}: ${run.stdout}${run.stderr}`);
    return run;
  }

  /** The same with --json; its one value. */
  async json<Value>(path: string, ...words: string[]): Promise<Value> {
    const { stdout } = await this.done(path, ...words, '--json');
    return JSON.parse(stdout) as Value;
  }

  /** One that may be refused; it has called what it calls all the same. */
  async tried(path: string, ...words: string[]): Promise<CliRun> {
    const result = await landfall([...path.split(' '), ...words]);
    const run = { path, ...result, called: await this.#newCalls() };
    this.runs.push(run);
    return run;
  }

  /** Events of one millisecond come in any order, so they are told apart by their ids. */
  async #newCalls(): Promise<ReadonlySet<string>> {
    const { items } = await this.#plane.api.landfall('ListAuditEvents', { maxResults: AUDIT_PAGE });
    const fresh = items.filter(({ eventID }) => !this.#seen.has(eventID)).map(({ action }) => action);
    for (const { eventID } of items) this.#seen.add(eventID);
    // One of them is the question before this one.
    const own = fresh.indexOf('landfall:ListAuditEvents');
    return new Set(fresh.filter((_action, index) => index !== own));
  }
}
