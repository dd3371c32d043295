export const templateMessages = {
  'templates.title': 'Templates',
  'templates.description':
    'What new servers begin with, and what machines are made of. A template that is changed changes no server that is there already.',
  'templates.tab.replication': 'Replication',
  'templates.tab.launch': 'Launch configuration',
  'templates.tab.machines': 'Launch templates',
  'templates.name': 'Name',
  'templates.nameNote': 'Optional, kept as the tag Name.',
  'templates.create': 'Create template',
  'templates.edit': 'Change',
  'templates.editOf': 'Change template {name}',
  'templates.delete': 'Delete',
  'templates.deleteOf': 'Delete template {name}',
  'templates.deleteText':
    'The template and what belongs to it are deleted. Servers that were made with it keep their settings. If it is the last one, the next new server begins with Landfall’s own settings, in a template made for it. This cannot be taken back.',
  'templates.created': 'The template was made.',
  'templates.saved': 'Template {name} was saved. Servers that come from now on begin with it.',
  'templates.deleted': 'Template {name} was deleted.',
  'templates.replication.title': 'Replication templates',
  'templates.replication.text':
    'How a new server is replicated at first. Of several, the oldest is the one new servers copy.',
  'templates.replication.empty': 'There is no replication template yet',
  'templates.replication.emptyText':
    'The first server that is added makes one with Landfall’s own settings: no limit of bandwidth. Make one yourself to begin with a limit.',
  'templates.replication.bandwidth': 'Bandwidth limit',
  'templates.replication.bandwidthNote':
    'Megabits a second for each server, from 0 to 10,000; 0: no limit. A schedule by the time of day is set in Settings, server by server.',
  'templates.replication.bandwidthWrong': 'Enter a whole number from 0 to 10,000.',
  'templates.replication.kept': 'Kept for clients of the MGN API',
  'templates.replication.keptText':
    'Subnets, instance types and volume types belong to a cloud that is not here. They are stored and given back as they were, and have no effect.',
  'templates.launch.title': 'Launch configuration templates',
  'templates.launch.text':
    'How the machines of a new server are launched at first, and what runs in them. Of several, the oldest is the one new servers copy.',
  'templates.launch.empty': 'There is no launch configuration template yet',
  'templates.launch.emptyText':
    'The first server that is added makes one with Landfall’s own settings. Make one yourself to begin with other settings or with post-launch actions.',
  'templates.launch.createText':
    'It begins with Landfall’s own settings. They are changed on its page, which opens next.',
  'templates.launch.settings': 'Settings',
  'templates.launch.copies': 'Copied from the source',
  'templates.launch.copies.ip': 'addresses',
  'templates.launch.copies.tags': 'tags',
  'templates.launch.deployment': 'Post-launch actions run for',
  'templates.launch.deployment.TEST_AND_CUTOVER': 'Tests and cutovers',
  'templates.launch.deployment.CUTOVER_ONLY': 'Cutovers only',
  'templates.launch.deployment.TEST_ONLY': 'Tests only',
  'templates.actions.text':
    'Scripts that run in the launched machine, in their order. A new server copies them with the template.',
  'templates.actions.addText':
    'The script runs after each launch of servers that are added from now on, and counts as failed when it takes longer than its time limit.',
  'templates.actions.removeText':
    'Servers that are added from now on begin without the action. Those that are there keep theirs, and the script stays in the library.',
  'templates.machines.title': 'Choose a server',
  'templates.machines.text':
    'Each server has a launch template of its own: size, ports, network, disks of its machine, in versions that are never changed. A launch follows the default version.',
  'templates.machines.empty': 'There are no servers yet',
  'templates.machines.emptyText': 'A server gets its launch template when it is added.',
  'templates.machines.none':
    'Choose a server above to see the versions of its launch template, and what differs between two of them.',
  'templates.machines.choose': 'Choose {name}',
  'templates.machines.of': 'Launch template of {name}',
} as const;
