/**
 * The one front door to all model formats. `openModel` takes any of them, told apart by name and
 * content; `writeModel` writes those that the lab can write. Each importer and exporter is loaded
 * when it is needed.
 */
export { MissingFileError, UnknownModelError } from './modelFormats/errors.ts';
export { filesInMemory, type NamedFiles } from './modelFormats/namedFiles.ts';
export { openModel, openModelAndTokenizer, type OpenedModel, type OpenOptions } from './modelFormats/openModel.ts';
export { WRITTEN_FORMATS, writeModel, type WriteOptions, type WrittenFormat } from './modelFormats/writeModel.ts';
