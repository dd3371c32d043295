/**
 * What must hold of whatever is answered to whatever was asked.
 *
 * H1 Never a 5xx, never anything but JSON, never an exception that the operation's model does not have; it is
 *    in the header `x-amzn-errortype` and in the body, and every answer has a request id.
 * H2 Nothing of the inside is told: no stack, no file, no SQL.
 * H3 What is answered fits the shape of the answer.
 * Q1 Of the query protocol: never a 5xx, never anything but XML that is well-formed, in the form of the
 *    operation or of an error.
 */
import assert from 'node:assert/strict';
import { type AnyOperation, ApiError, validateInput } from '@landfall/api';
import type { InjectedAnswer } from '../testing/injected-requests.ts';

/** Beyond those of an operation: bad input, and what is not this caller's. */
const ALWAYS_ALLOWED = ['ValidationException', 'AccessDeniedException'];
const INSIDE =
  /\n\s+at |node_modules|node:internal|\.ts\b|sqlite|\bselect \w+ from\b|landfall-control-plane-|\/(usr|root|home|tmp|var)\//i;
const REQUEST_ID = /^[0-9a-f-]{36}$/;
/** EC2's, or that of STS. */
const ERROR =
  /<(?:Response|ErrorResponse xmlns="[^"]+")>(?:<Errors>)?<Error>(?:<Type>Sender<\/Type>)?<Code>([A-Za-z.]+)<\/Code><Message>[^<]+<\/Message>/;

/** The name of the exception, or `ok`. `besides`: exceptions that this request may be answered with, too. */
export function checkJsonAnswer(
  operation: AnyOperation,
  { status, headers, text }: InjectedAnswer,
  besides: readonly string[] = [],
): string {
  const told = `${operation.name} answered ${status} ${text.slice(0, 500)}`;
  assert.ok(status < 500, told);
  assert.match(String(headers['x-amzn-requestid']), REQUEST_ID, told);
  if (status === 204) {
    assert.equal(text, '', told);
    return 'ok';
  }
  if (status === operation.status && operation.contentType !== undefined) {
    assert.equal(headers['content-type'], operation.contentType, told);
    return 'ok';
  }
  assert.match(String(headers['content-type']), /^application\/json/, told);
  const body: unknown = JSON.parse(text);
  if (status === operation.status) {
    checkOutput(operation, body, told);
    return 'ok';
  }
  const name = String(headers['x-amzn-errortype']);
  const { code, message } = Object(body);
  assert.equal(code, name, told);
  assert.ok(typeof message === 'string' && message.length > 0, told);
  assert.ok([...ALWAYS_ALLOWED, ...besides, ...operation.errors].includes(name), told);
  assert.doesNotMatch(text, INSIDE, told);
  return name;
}

/** The model lets these be empty in a request and not in an answer. */
const EMPTY_ALLOWED = /(parametersEncryptionKey|ebsEncryptionKeyArn): must be at least/;

/** H3 */
function checkOutput(operation: AnyOperation, body: unknown, told: string): void {
  const { output } = operation;
  if (output === undefined) return;
  try {
    validateInput({ ...operation, input: output } as AnyOperation, body);
  } catch (error) {
    assert.ok(error instanceof ApiError && EMPTY_ALLOWED.test(error.message), `${error}: ${told}`);
  }
}

/** The code of the error, or `OK`. */
export function checkXmlAnswer(name: string, { status, headers, text }: InjectedAnswer): string {
  const told = `${name} answered ${status} ${text.slice(0, 500)}`;
  assert.ok(status < 500, told);
  assert.match(String(headers['content-type']), /^text\/xml/, told);
  assert.match(String(headers['x-amzn-requestid']), REQUEST_ID, told);
  checkWellFormed(text, told);
  if (status === 200) {
    assert.ok(text.includes(`<${name}Response xmlns=`), told);
    return 'OK';
  }
  assert.doesNotMatch(text, INSIDE, told);
  const [, code] = ERROR.exec(text) ?? [];
  return code ?? assert.fail(told);
}

/** Elements are closed in the reverse order of their beginning, and text is escaped. */
function checkWellFormed(text: string, told: string): void {
  const [head = '', body = ''] = text.split('\n', 1).concat(text.slice(text.indexOf('\n') + 1));
  assert.equal(head, '<?xml version="1.0" encoding="UTF-8"?>', told);
  const open: string[] = [];
  let place = 0;
  for (const match of body.matchAll(/<(\/?)([A-Za-z][\w-]*)((?: xmlns="[^"<&]*")?)(\/?)>/g)) {
    checkText(body.slice(place, match.index), told);
    place = match.index + match[0].length;
    const [, closes, element = '', , isEmpty] = match;
    if (closes === '/') assert.equal(open.pop(), element, told);
    else if (isEmpty !== '/') open.push(element);
  }
  checkText(body.slice(place), told);
  assert.deepEqual(open, [], told);
}

function checkText(text: string, told: string): void {
  assert.doesNotMatch(text, /[<>]|&(?!amp;|lt;|gt;|quot;|#13;)/, told);
  assert.doesNotMatch(text, /[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u, told);
}
