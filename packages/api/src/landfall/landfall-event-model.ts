/** The event stream: its operation and shapes in the `landfall` service. */

import type { OperationModel, ShapeModel } from '../service-model.ts';
import { read } from './landfall-operation.ts';

export const EVENT_OPERATIONS = {
  StreamEvents: { ...read('StreamEvents'), contentType: 'text/event-stream' },
} as const satisfies Record<string, OperationModel>;

export const EVENT_SHAPES = {
  StreamEventsRequest: {
    type: 'structure',
    members: {
      lastEventID: 'EventID',
      eventTypes: 'EventTypes',
      sourceServerIDs: 'EventSourceServerIDs',
    },
    locations: { lastEventID: 'header' },
  },
  StreamEventsResponse: { type: 'structure', required: ['content'], members: { content: 'Content' } },
  ServiceEvent: {
    type: 'structure',
    required: ['eventId', 'eventTime', 'type', 'resourceId', 'summary'],
    members: {
      eventId: 'EventID',
      eventTime: 'Text',
      type: 'EventType',
      resourceId: 'Text',
      sourceServerId: 'Text',
      summary: 'Text',
    },
  },
  EventTypes: { type: 'list', member: 'EventType', min: 1, max: 50 },
  EventSourceServerIDs: { type: 'list', member: 'SourceServerID', min: 1, max: 200 },
  EventID: { type: 'string', min: 1, max: 16, pattern: '[0-9]{1,16}' },
  EventType: {
    type: 'string',
    enum: [
      'SourceServerChanged',
      'ReplicationChanged',
      'JobChanged',
      'LaunchedMachineChanged',
      'RecoveryPointChanged',
      'ApplicationChanged',
      'WaveChanged',
      'TemplateChanged',
      'ImportChanged',
      'ExportChanged',
      'IdentityChanged',
      'BootProofChanged',
      'PreflightChanged',
      'TripwireChanged',
      'RetentionChanged',
      'ConnectorChanged',
      'EnrolmentTokenChanged',
      'ScriptDocumentChanged',
      'ScriptParameterChanged',
      'WebhookChanged',
      'ProgramChanged',
    ],
  },
} as const satisfies Record<string, ShapeModel>;
