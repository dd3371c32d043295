/**
 * Ends one program with kill -9 at the moments of the story where it hurts; whoever watches over it starts
 * it again.
 */
import { OperationError, systemErrorCode } from '@landfall/runtime';

export const VICTIMS = ['agent', 'replication-server', 'control-plane', 'launch-host'] as const;
export type Victim = (typeof VICTIMS)[number];
export const MOMENTS = ['first-sync', 'replication', 'launch'] as const;
export type Moment = (typeof MOMENTS)[number];

export interface SaboteurOptions {
  readonly victim: Victim | undefined;
  /** Process id of a program on this machine, now. */
  readonly pidOf: (name: string) => number | undefined;
  /** Ends the agent on the source server. */
  readonly killAgent: () => Promise<void>;
  readonly say: (line: string) => void;
}

export class Saboteur {
  readonly #options: SaboteurOptions;
  /** Moments at which something was ended; the story fails when one was missed. */
  readonly struck: Moment[] = [];

  constructor(options: SaboteurOptions) {
    this.#options = options;
  }

  async strike(moment: Moment): Promise<void> {
    const { victim, say } = this.#options;
    if (victim === undefined || this.struck.includes(moment)) return;
    say(`kill -9 of the ${victim} during ${moment}`);
    if (victim === 'agent') await this.#options.killAgent();
    else this.#killLocal(victim);
    this.struck.push(moment);
  }

  #killLocal(name: string): void {
    const pid = this.#options.pidOf(name);
    if (pid === undefined) throw new OperationError('DEMO_FAILED', `the ${name} has no process to kill`);
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (systemErrorCode(error) !== 'ESRCH') throw error;
    }
  }
}
