import { join } from 'node:path';

import { ModelFiles } from '../../../../pkg/operator/local/model-files.ts';

/** Where manifests and what is kept of their models are. @param data - Folder of all that is kept. */
export const modelFilesIn = (data: string): ModelFiles => new ModelFiles(join(data, 'models'));
