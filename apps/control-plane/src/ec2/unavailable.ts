/** Programs that do not answer: EC2 says `Unavailable`, and its clients try again. */
import { ApiError } from '@landfall/api';
import { isAway } from '../operations/ask-program.ts';

/** What was asked of a program. Errors: Unavailable when it did not answer; its own. */
export async function answered<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (cause) {
    if (!isAway(cause)) throw cause;
    const message = 'The program that knows of it does not answer; try again.';
    throw new ApiError('Unavailable', 503, message, { cause });
  }
}
