/** What a validator of the API says of values that came from a file. */
import { ApiError, type FieldFailure } from '@landfall/api';

export function failuresOf(check: () => unknown): readonly FieldFailure[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return (error.members.fieldList ?? []) as readonly FieldFailure[];
  }
}
