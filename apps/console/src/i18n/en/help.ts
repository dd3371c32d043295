/** Help of each page, paragraph by paragraph. */
export const helpMessages = {
  'help.dashboard.1':
    'A server is protected as soon as it has a recovery point. Data at risk is what would be lost if it died now: the age of its newest point.',
  'help.dashboard.2':
    'How long launches take is measured from the call to the end of the job, of launches that have worked.',
  'help.servers.1':
    'Filters and pages are the service’s own, and stand in the address of this page: send it to somebody, and they see the same.',
  'help.servers.2':
    'An action is done for those of the selected servers whose state allows it; the question before it says for which.',
  'help.server.1':
    'The lifecycle of a server goes from its first recovery point over tests to the cutover. The next step is the one thing to do now; everything else that is possible stands under Actions.',
  'help.server.2':
    'A launch works on an overlay. It never touches the copy, so a launch that fails costs nothing but time.',
  'help.addServer.1':
    'The command downloads one executable file from this control plane, whose certificate it knows, and starts it as a service. It asks the kernel which blocks change; nothing is built and nothing restarted.',
  'help.addServer.2':
    'The first copy takes as long as the disks are full and the network is fast. landfall-agent forecast measures it before you install anything for good.',
} as const;
