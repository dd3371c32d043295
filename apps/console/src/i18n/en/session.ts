export const sessionMessages = {
  'session.title': 'Sign in to Landfall',
  'session.intro':
    'Use an access key of this installation. It is exchanged for credentials that end after an hour and are renewed while this page is open.',
  'session.keyId': 'Access key ID',
  'session.secret': 'Secret access key',
  'session.secretNote': 'It is never stored, and leaves this page in no form.',
  'session.signIn': 'Sign in',
  'session.signOut': 'Sign out',
  'session.help': 'Where is my key?',
  'session.helpText':
    'landfall up wrote the first one on the machine that runs the control plane; landfall env prints it there. An administrator makes further ones under Users.',
  'session.missingKeyId': 'Enter the access key ID.',
  'session.missingSecret': 'Enter the secret access key.',
  'session.refused.title': 'Signing in did not work',
  'session.refused': 'This key and this secret do not belong together, or the key was taken away.',
  'session.clock': 'The clocks of this computer and of the control plane differ by more than five minutes.',
  'session.expired.title': 'Your session has ended',
  'session.expired.text': 'Sign in again to go on. This page stays where it is.',
  'session.other': 'Sign in as somebody else',
  'session.insecure':
    'This page was not opened over HTTPS, so the browser does not let it sign requests. Open it with https://.',
} as const;
