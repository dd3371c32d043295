/**
 * What a request of the query protocol carries, form body or query string, as text by name. Nothing is
 * guessed: what is not valid, or there twice, is refused.
 */
import { ApiError } from '../api-error.ts';

export type QueryForm = ReadonlyMap<string, string>;

const PARAMETERS_MAX = 5000;

/** Errors: MalformedQueryString. */
export function readQueryForm(form: string): QueryForm {
  const pairs = form.split('&').filter((pair) => pair !== '');
  if (pairs.length > PARAMETERS_MAX)
    throw malformed(`The request has more than ${PARAMETERS_MAX} parameters.`);
  const parameters = new Map<string, string>();
  for (const pair of pairs) {
    const mark = pair.indexOf('=');
    const name = decode(mark === -1 ? pair : pair.slice(0, mark));
    if (parameters.has(name)) throw malformed(`The parameter ${shown(name)} is there twice.`);
    parameters.set(name, mark === -1 ? '' : decode(pair.slice(mark + 1)));
  }
  return parameters;
}

const SHOWN_CHARACTERS = 100;

/** Of what the caller sent: as much as a message should repeat. */
export function shown(text: string): string {
  const short = text.slice(0, SHOWN_CHARACTERS).toWellFormed();
  return text.length > SHOWN_CHARACTERS ? `${short}…` : short;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw malformed('The request is not valid percent-encoded UTF-8.');
  }
}

function malformed(message: string): ApiError {
  return new ApiError('MalformedQueryString', 400, message);
}
