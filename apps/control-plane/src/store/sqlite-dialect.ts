/**
 * Kysely over node:sqlite: the thin adapter that gives node's statements the shape Kysely's SQLite dialect
 * expects.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { assert } from '@landfall/runtime';
import { SqliteDialect, type SqliteStatement } from 'kysely';

export interface SqliteFile {
  readonly path: string;
  readonly busyTimeoutMs: number;
}

/**
 * Durable by WAL with a sync at every commit: an answered request survives a power cut. What is deleted is
 * overwritten, because secrets were among it.
 */
export function openSqliteFile({ path, busyTimeoutMs }: SqliteFile): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA foreign_keys = ON');
  database.exec('PRAGMA secure_delete = ON');
  return database;
}

/** There are some hundred texts; those with lists in them vary by the length of the list. */
const STATEMENTS_MAX = 500;

/** Statements are kept: preparing one costs more than most of them take. */
export function sqliteDialect(database: DatabaseSync): SqliteDialect {
  const statements = new Map<string, SqliteStatement>();
  const prepare = (sql: string): SqliteStatement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size >= STATEMENTS_MAX) statements.clear();
    const statement = adaptStatement(database.prepare(sql));
    statements.set(sql, statement);
    return statement;
  };
  return new SqliteDialect({ database: { close: () => database.close(), prepare } });
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(toSqlValue)),
    run: (parameters) => statement.run(...parameters.map(toSqlValue)),
    iterate: (parameters) => statement.iterate(...parameters.map(toSqlValue)),
  };
}

function toSqlValue(value: unknown): SQLInputValue {
  const fits =
    value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  assert(fits, `a ${typeof value} is no SQL value`);
  return value;
}
