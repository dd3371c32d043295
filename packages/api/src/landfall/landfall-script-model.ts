/** The shapes of the `landfall` service that tell of the scripts of post-launch actions. */

import type { OperationModel, ShapeModel } from '../service-model.ts';
import { read, write } from './landfall-operation.ts';

const MISSING = 'ResourceNotFoundException';

export const SCRIPT_OPERATIONS = {
  PutScriptDocument: write('PutScriptDocument', 'ConflictException'),
  GetScriptDocument: read('GetScriptDocument', MISSING),
  ListScriptDocuments: read('ListScriptDocuments'),
  DeleteScriptDocument: write('DeleteScriptDocument', 'ConflictException', MISSING),
  PutScriptParameter: { ...write('PutScriptParameter'), idempotent: true },
  ListScriptParameters: read('ListScriptParameters'),
  DeleteScriptParameter: write('DeleteScriptParameter', 'ConflictException', MISSING),
} as const satisfies Record<string, OperationModel>;

export const SCRIPT_SHAPES = {
  PutScriptDocumentRequest: {
    type: 'structure',
    required: ['name', 'script'],
    members: {
      name: 'ScriptDocumentName',
      script: 'ScriptText',
      description: 'ScriptDescription',
      parameters: 'ScriptParameterDeclarations',
    },
  },
  PutScriptDocumentResponse: {
    type: 'structure',
    required: ['document'],
    members: { document: 'ScriptDocumentItem' },
  },
  GetScriptDocumentRequest: {
    type: 'structure',
    required: ['name'],
    members: { name: 'ScriptDocumentName', version: 'ScriptDocumentVersion' },
  },
  GetScriptDocumentResponse: {
    type: 'structure',
    required: ['document', 'script'],
    members: { document: 'ScriptDocumentItem', script: 'Text' },
  },
  ListScriptDocumentsRequest: {
    type: 'structure',
    members: { maxResults: 'MaxResultsType', nextToken: 'PaginationToken' },
  },
  ListScriptDocumentsResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'ScriptDocumentItems', nextToken: 'PaginationToken' },
  },
  DeleteScriptDocumentRequest: {
    type: 'structure',
    required: ['name'],
    members: { name: 'ScriptDocumentName' },
  },
  DeleteScriptDocumentResponse: { type: 'structure', members: {} },
  PutScriptParameterRequest: {
    type: 'structure',
    required: ['name', 'value'],
    members: { name: 'StoredParameterName', value: 'ScriptParameterValue', secure: 'Boolean' },
  },
  PutScriptParameterResponse: { type: 'structure', members: {} },
  ListScriptParametersRequest: {
    type: 'structure',
    members: { maxResults: 'MaxResultsType', nextToken: 'PaginationToken' },
  },
  ListScriptParametersResponse: {
    type: 'structure',
    required: ['items'],
    members: { items: 'ScriptParameterItems', nextToken: 'PaginationToken' },
  },
  DeleteScriptParameterRequest: {
    type: 'structure',
    required: ['name'],
    members: { name: 'StoredParameterName' },
  },
  DeleteScriptParameterResponse: { type: 'structure', members: {} },
  ScriptDocumentItem: {
    type: 'structure',
    required: ['name', 'version', 'isReadyMade', 'parameters'],
    members: {
      name: 'Text',
      version: 'Count',
      isReadyMade: 'Boolean',
      description: 'Text',
      parameters: 'ScriptParameterDeclarations',
      createdDateTime: 'Text',
    },
  },
  ScriptParameterDeclaration: {
    type: 'structure',
    required: ['name'],
    members: {
      name: 'ScriptParameterName',
      defaultValue: 'ScriptParameterValue',
      description: 'ScriptDescription',
    },
  },
  ScriptParameterItem: {
    type: 'structure',
    required: ['name', 'secure'],
    members: { name: 'Text', secure: 'Boolean', value: 'Text' },
  },
  ScriptDocumentItems: { type: 'list', member: 'ScriptDocumentItem' },
  ScriptParameterDeclarations: { type: 'list', member: 'ScriptParameterDeclaration', max: 20 },
  ScriptParameterItems: { type: 'list', member: 'ScriptParameterItem' },
  /** The limits of the names MGN knows them by: SsmDocumentName, SsmParameterStoreParameterName. */
  ScriptDocumentName: { type: 'string', min: 3, max: 172, pattern: '([A-Za-z0-9/:_\\.-])+' },
  StoredParameterName: { type: 'string', min: 1, max: 1011, pattern: '([A-Za-z0-9_\\.-])+' },
  ScriptParameterName: { type: 'string', min: 1, max: 64, pattern: '[A-Za-z0-9]+' },
  ScriptDocumentVersion: { type: 'string', pattern: '\\$DEFAULT|\\$LATEST|[0-9]{1,9}' },
  ScriptText: { type: 'string', min: 1, max: 65_536 },
  ScriptDescription: { type: 'string', max: 256 },
  ScriptParameterValue: { type: 'string', max: 4096 },
} as const satisfies Record<string, ShapeModel>;
