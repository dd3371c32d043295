export const serversMessages = {
  'servers.title': 'Source servers',
  'servers.description': 'Servers that Landfall copies, and how far each is.',
  'servers.counter': '{count} on this page',
  'servers.column.server': 'Server',
  'servers.column.lifeCycle': 'Lifecycle',
  'servers.column.replication': 'Replication',
  'servers.column.lag': 'Lag',
  'servers.column.eta': 'Initial sync ends',
  'servers.column.next': 'Next step',
  'servers.column.application': 'Application',
  'servers.column.os': 'Operating system',
  'servers.column.size': 'Disks',
  'servers.column.added': 'Added',
  'servers.filter.lifeCycle': 'Lifecycle',
  'servers.filter.ids': 'Server IDs',
  'servers.filter.idsNote': 'Separate several with spaces.',
  'servers.filter.archived': 'Show archived servers',
  'servers.filter.clear': 'Clear filters',
  'servers.filter.badId': 'A server ID looks like s-0123456789abcdef0: {value} does not.',
  'servers.empty.title': 'No server is protected yet',
  'servers.empty.text':
    'A server is added by one command that you run on it as root. It keeps working meanwhile, and nothing of it is restarted.',
  'servers.empty.filtered': 'No server matches these filters',
  'servers.select.all': 'Select all servers of this page',
  'servers.select.one': 'Select {name}',
  'servers.preferences': 'Preferences',
  'servers.preferences.pageSize': 'Servers on a page',
  'servers.preferences.columns': 'Columns',
  'servers.preferences.wrap': 'Wrap lines',
  'servers.page.next': 'Next page',
  'servers.page.previous': 'Previous page',
  'servers.action.test': 'Launch test machines',
  'servers.action.markReady': 'Mark as ready for cutover',
  'servers.action.cutover': 'Launch cutover machines',
  'servers.action.finalize': 'Finalize cutover',
  'servers.action.revertTest': 'Mark as ready for testing',
  'servers.action.revertCutover': 'Revert to ready for cutover',
  'servers.action.terminate': 'Terminate launched machines',
  'servers.action.pause': 'Pause replication',
  'servers.action.resume': 'Resume replication',
  'servers.action.stop': 'Stop replication',
  'servers.action.start': 'Start replication',
  'servers.action.disconnect': 'Disconnect from the service',
  'servers.action.archive': 'Archive',
  'servers.action.delete': 'Delete',
  'servers.action.group.launch': 'Test and cutover',
  'servers.action.group.replication': 'Replication',
  'servers.action.group.end': 'End',
  'servers.action.notNow': 'Not in the present state of what is selected',
  'servers.confirm.title': '{action}: {count} {count|server|servers}',
  'servers.confirm.skipped':
    '{count} of the selected {count|server is|servers are} not in a state for this, and stay as they are.',
  'servers.confirm.test':
    'A machine is started from the newest recovery point of each server, in an isolated network. An earlier test machine of the server ends. The source servers are not touched.',
  'servers.confirm.markReady':
    'You say that the test was good. The test machine ends at the next launch, or when you terminate it.',
  'servers.confirm.cutover':
    'A machine that is meant to take over is started from the newest recovery point of each server. Stop what writes on the source first: what is written later is not in the machine.',
  'servers.confirm.finalize':
    'The cutover becomes final: the agent leaves the source server, replication ends, and every recovery point of the server is deleted. The launched machine stays. This cannot be taken back.',
  'servers.confirm.revertTest':
    'The server can be tested again. Its test machine goes on until you terminate it.',
  'servers.confirm.revertCutover': 'The cutover is taken back. The source server goes on as before.',
  'servers.confirm.terminate':
    'The launched machines are ended, and what was changed in them since their launch is lost. The source servers and their recovery points stay.',
  'servers.confirm.pause':
    'No new recovery points are made until replication is resumed. Those there are stay.',
  'servers.confirm.resume': 'Replication goes on with what has changed meanwhile.',
  'servers.confirm.stop':
    'Replication ends and every recovery point of the server is deleted from the staging area. The agent stays. Starting again means a new initial sync.',
  'servers.confirm.start': 'A new initial sync begins.',
  'servers.confirm.disconnect':
    'The agent leaves the source server, and every recovery point of the server is deleted from the staging area. To protect it again the agent is installed anew. This cannot be taken back.',
  'servers.confirm.archive':
    'The server leaves this list; the filter shows archived ones. Nothing is deleted.',
  'servers.confirm.delete':
    'The server and its history are deleted from the service. Its launched machine, should there be one, goes on but is no longer shown here. This cannot be taken back.',
  'servers.replacing':
    '{count} {count|server has|servers have} a launched machine now. It ends before the new one exists, and everything written on it since its start is lost:',
  'servers.done': '{action}: accepted for {count} {count|server|servers}.',
  'servers.failedSome': '{action}: {failed} of {count} did not work.',
} as const;
