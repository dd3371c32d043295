/**
 * Which rows a query writes, read off the query itself: what it sets, and the columns its condition holds to
 * one value. So nobody who writes a row has to remember to tell of it.
 */
import type {
  KyselyPlugin,
  LogEvent,
  OperationNode,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from 'kysely';
import {
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  type ColumnUpdateNode,
  DeleteQueryNode,
  InsertQueryNode,
  OperatorNode,
  ParensNode,
  PrimitiveValueListNode,
  ReferenceNode,
  TableNode,
  UpdateQueryNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
} from 'kysely';
import type { Database } from './schema.ts';

export interface RowChange {
  readonly table: keyof Database;
  readonly verb: 'insert' | 'update' | 'delete';
  /** By column: what was written, and by what the row was found. Not the whole row. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Calls `onChange` for each query that wrote something, when the database has said so. */
export class RowChangeObserver implements KyselyPlugin {
  readonly #onChange: (changes: readonly RowChange[]) => void;
  readonly #written = new WeakMap<object, readonly RowChange[]>();

  constructor(onChange: (changes: readonly RowChange[]) => void) {
    this.#onChange = onChange;
  }

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    const changes = changesOf(node);
    if (changes.length > 0) this.#written.set(queryId, changes);
    return node;
  }

  async transformResult({ result, queryId }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    const changes = this.#written.get(queryId);
    const hasWritten = (result.numAffectedRows ?? 0n) > 0n || result.rows.length > 0;
    if (changes !== undefined && hasWritten) this.#onChange(changes);
    return result;
  }
}

/** Writes that failed: they may have been made nevertheless, when it was their answer that was lost. */
export class UnansweredWrites {
  #follower: ((changes: readonly RowChange[]) => void) | undefined;

  /** One follower, set once. */
  follow(follower: (changes: readonly RowChange[]) => void): void {
    this.#follower = follower;
  }

  /** For the `log` of a database. */
  readonly log = ({ level, query }: LogEvent): void => {
    const changes = level === 'error' ? changesOf(query.query) : [];
    if (changes.length > 0) this.#follower?.(changes);
  };
}

export function changesOf(node: OperationNode): readonly RowChange[] {
  if (InsertQueryNode.is(node)) {
    const table = tableOf(node.into);
    return insertedRows(node).map((values) => ({ table, verb: 'insert', values }));
  }
  if (UpdateQueryNode.is(node)) {
    const table = tableOf(node.table);
    const updates = Object.fromEntries((node.updates ?? []).flatMap(setColumn));
    return foundBy(node.where?.where).map((found) => ({
      table,
      verb: 'update',
      values: { ...found, ...updates },
    }));
  }
  if (DeleteQueryNode.is(node)) {
    const table = tableOf(node.from.froms[0]);
    return foundBy(node.where?.where).map((values) => ({ table, verb: 'delete', values }));
  }
  return [];
}

type Values = Readonly<Record<string, unknown>>;

function tableOf(node: OperationNode | undefined): keyof Database {
  const name = node !== undefined && TableNode.is(node) ? node.table.identifier.name : '';
  return name as keyof Database;
}

function insertedRows({ columns = [], values }: InsertQueryNode): readonly Values[] {
  if (values === undefined || !ValuesNode.is(values)) return [];
  return values.values.map((row) => {
    const cells = ValueListNode.is(row) ? row.values.map(plainValue) : row.values;
    return Object.fromEntries(columns.map((column, index) => [column.column.name, cells[index]]));
  });
}

function setColumn({ column, value }: ColumnUpdateNode): readonly (readonly [string, unknown])[] {
  return ColumnNode.is(column) && ValueNode.is(value) ? [[column.column.name, value.value]] : [];
}

/** One for each row that is named: `=` names one, `in` several, anything else none in particular. */
function foundBy(where: OperationNode | undefined): readonly Values[] {
  if (where === undefined) return [{}];
  if (ParensNode.is(where)) return foundBy(where.node);
  if (AndNode.is(where)) {
    const right = foundBy(where.right);
    return foundBy(where.left).flatMap((left) => right.map((values) => ({ ...left, ...values })));
  }
  if (!BinaryOperationNode.is(where)) return [{}];
  const { leftOperand, operator, rightOperand } = where;
  const column = ReferenceNode.is(leftOperand) ? leftOperand.column : leftOperand;
  if (!ColumnNode.is(column) || !OperatorNode.is(operator)) return [{}];
  const { name } = column.column;
  if (operator.operator === '=' && ValueNode.is(rightOperand)) return [{ [name]: rightOperand.value }];
  if (operator.operator === 'in' && PrimitiveValueListNode.is(rightOperand)) {
    return rightOperand.values.map((value) => ({ [name]: value }));
  }
  return [{}];
}

function plainValue(node: OperationNode): unknown {
  return ValueNode.is(node) ? node.value : undefined;
}
