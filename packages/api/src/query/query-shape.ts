/**
 * Inputs of the query protocol as data. The types that handlers see follow from them, so a member is written
 * down once. Names are those on the wire.
 */
export interface TextShape<Value extends string = string> {
  readonly type: 'text';
  readonly min: number;
  readonly max: number;
  /** Of the whole text. */
  readonly pattern?: RegExp;
  readonly values?: readonly Value[];
  /** The error of a text that does not fit; else InvalidParameterValue. */
  readonly malformed?: string;
}

export interface WholeShape {
  readonly type: 'whole';
  readonly min: number;
  readonly max: number;
}

export interface FlagShape {
  readonly type: 'flag';
}

export interface ListShape<Member> {
  readonly type: 'list';
  readonly member: Member;
  readonly max: number;
}

export interface StructureShape<Members = QueryMembers, Required = string> {
  readonly type: 'structure';
  readonly members: Members;
  readonly required: readonly Required[];
}

export interface QueryMembers {
  readonly [name: string]: QueryShape;
}

export type QueryShape = TextShape | WholeShape | FlagShape | ListShape<QueryShape> | StructureShape;

export type ValueOf<Shape> = Shape extends { readonly type: 'flag' }
  ? boolean
  : Shape extends { readonly type: 'whole' }
    ? number
    : Shape extends TextShape<infer Value>
      ? Value
      : Shape extends ListShape<infer Member>
        ? readonly ValueOf<Member>[]
        : Shape extends StructureShape<infer Members, infer Required>
          ? StructureValue<Members, Required>
          : never;

type StructureValue<Members, Required> = {
  readonly [Name in keyof Members as Name extends Required ? Name : never]: ValueOf<Members[Name]>;
} & {
  readonly [Name in keyof Members as Name extends Required ? never : Name]?: ValueOf<Members[Name]>;
};

export interface TextOptions {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly malformed?: string;
}

const TEXT_CHARACTERS_MAX = 255;
const LIST_ENTRIES_MAX = 200;

export function text({ min = 1, max = TEXT_CHARACTERS_MAX, ...rest }: TextOptions = {}): TextShape {
  return { type: 'text', min, max, ...rest };
}

export function choice<const Value extends string>(...values: readonly Value[]): TextShape<Value> {
  return { type: 'text', min: 0, max: TEXT_CHARACTERS_MAX, values };
}

export function whole(min: number, max: number): WholeShape {
  return { type: 'whole', min, max };
}

export const flag: FlagShape = { type: 'flag' };

export function list<Member>(member: Member, max = LIST_ENTRIES_MAX): ListShape<Member> {
  return { type: 'list', member, max };
}

export function structure<const Members extends QueryMembers>(
  members: Members,
): StructureShape<Members, never>;
export function structure<const Members extends QueryMembers, const Required extends keyof Members & string>(
  members: Members,
  required: readonly Required[],
): StructureShape<Members, Required>;
export function structure(members: QueryMembers, required: readonly string[] = []): StructureShape {
  return { type: 'structure', members, required };
}
