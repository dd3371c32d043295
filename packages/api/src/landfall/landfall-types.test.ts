import { test } from 'node:test';
import type { DataReplicationState, Job, LifeCycleState, SourceServer } from '../mgn-types.generated.ts';
import type { LANDFALL_SHAPES } from './landfall-model.ts';
import type * as Landfall from './landfall-types.ts';

type Shapes = typeof LANDFALL_SHAPES;

/** What `landfall` borrows from `mgn`, as types. */
interface Borrowed {
  Job: Job;
  DataReplicationState: DataReplicationState;
  LifeCycleState: LifeCycleState;
  LifeCycleStates: readonly LifeCycleState[];
  SourceServer: SourceServer;
  ApplicationIDsFilter: readonly string[];
  WaveIDsFilter: readonly string[];
  TagsMap: Readonly<Record<string, string>>;
  DescribeSourceServersRequestFiltersIDs: readonly string[];
  SourceServerID: string;
  ISO8601DatetimeString: string;
  PaginationToken: string;
  S3BucketName: string;
  S3Key: string;
  MaxResultsType: number;
  Boolean: boolean;
}

/** The type that the data of a shape describes. */
type TypeOf<Name> = Name extends keyof Shapes
  ? TypeOfShape<Shapes[Name]>
  : Name extends keyof Borrowed
    ? Borrowed[Name]
    : never;

type TypeOfShape<Shape> = Shape extends { readonly type: 'structure'; readonly members: infer Members }
  ? Shape extends { readonly required: readonly (infer Required)[] }
    ? TypeOfMembers<Members, Required>
    : TypeOfMembers<Members, never>
  : Shape extends { readonly type: 'list'; readonly member: infer Member }
    ? readonly TypeOf<Member>[]
    : Shape extends { readonly enum: readonly (infer Value)[] }
      ? Value
      : Shape extends { readonly type: 'string' }
        ? string
        : Shape extends { readonly type: 'bytes' }
          ? AsyncIterable<Uint8Array>
          : number;

type TypeOfMembers<Members, Required> = [keyof Members] extends [never]
  ? Record<string, never>
  : { readonly [Name in keyof Members as Name extends Required ? Name : never]: TypeOf<Members[Name]> } & {
      readonly [Name in keyof Members as Name extends Required ? never : Name]?:
        | TypeOf<Members[Name]>
        | undefined;
    };

type Flat<Type> = Type extends readonly (infer Item)[]
  ? readonly Flat<Item>[]
  : Type extends object
    ? { [Name in keyof Type]: Flat<Type[Name]> }
    : Type;

type Same<Left, Right> =
  (<Probe>() => Probe extends Flat<Left> ? 1 : 2) extends <Probe>() => Probe extends Flat<Right> ? 1 : 2
    ? true
    : false;

type Differing = {
  [Name in keyof Landfall.LandfallOperations]: [
    Same<Landfall.LandfallOperations[Name]['input'], TypeOf<`${Name}Request`>>,
    Same<Landfall.LandfallOperations[Name]['output'], TypeOf<`${Name}Response`>>,
  ] extends [true, true]
    ? never
    : Name;
}[keyof Landfall.LandfallOperations];

test('the hand-written types of landfall are what its data describes', () => {
  const operationsThatDiffer: [Differing] extends [never] ? true : Differing = true;
  void operationsThatDiffer;
});
