import packageJson from '../../package.json' with { type: 'json' };

/** Version of Tradewind, as in package.json; part of every artifact's lineage. */
export const VERSION: string = packageJson.version;
