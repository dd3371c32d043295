import packageDescription from '../package.json' with { type: 'json' };

export const VERSION: string = packageDescription.version;
