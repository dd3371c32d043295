/**
 * Migrations are written once, in SQLite's words; this says them in PostgreSQL's.
 *
 * S6 Every text column compares byte by byte, whatever the locale of the database.
 */
import {
  type ColumnDefinitionNode,
  DataTypeNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type QueryId,
  RawNode,
} from 'kysely';

class PostgresDdl extends OperationNodeTransformer {
  protected override transformColumnDefinition(
    node: ColumnDefinitionNode,
    queryId: QueryId,
  ): ColumnDefinitionNode {
    const column = super.transformColumnDefinition(node, queryId);
    if (column.autoIncrement === true) {
      return { ...column, autoIncrement: false, dataType: DataTypeNode.create('bigserial') };
    }
    const isText = DataTypeNode.is(column.dataType) && column.dataType.dataType === 'text';
    return isText ? { ...column, dataType: RawNode.createWithSql('text collate "C"') } : column;
  }
}

export function postgresDdlPlugin(): KyselyPlugin {
  const ddl = new PostgresDdl();
  return {
    transformQuery: ({ node, queryId }) => ddl.transformNode(node, queryId),
    transformResult: async ({ result }) => result,
  };
}
