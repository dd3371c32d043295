/** The commands as they hang below `landfall`, for the page of docs, completion and the tests. */
import type { Argument, Command, Option } from 'commander';

export interface Leaf {
  /** Words after `landfall`: `server list`. */
  readonly path: string;
  readonly command: Command;
}

/** Commands nobody types; shells do. */
export function isHidden(command: Command): boolean {
  return command.name().startsWith('__');
}

/** Commands that do something, in the order of the help. */
export function leavesOf(command: Command, path: readonly string[] = []): readonly Leaf[] {
  const children = command.commands.filter((child) => !isHidden(child));
  if (children.length === 0) return [{ path: path.join(' '), command }];
  return children.flatMap((child) => leavesOf(child, [...path, child.name()]));
}

/** Of a command and of all above it. */
export function optionsOf(command: Command): readonly Option[] {
  const inherited = command.parent === null ? [] : optionsOf(command.parent);
  return [...command.options, ...inherited];
}

/** What a value of an option is called in its usage, `folder` of `--to <folder>`; none of a switch. */
export function valueNameOf({ flags }: Option): string | undefined {
  return /[<[]([^\]>.]+)(?:\.\.\.)?[\]>]/.exec(flags)?.[1];
}

export function argumentsOf(command: Command): readonly Argument[] {
  return command.registeredArguments;
}
