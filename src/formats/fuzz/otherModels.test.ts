import { expectFamily } from './expectFamily.ts';

expectFamily('graphModels', { seed: 1, cases: 600, refused: 500 });
expectFamily('kerasH5Files', { seed: 1, cases: 350, refused: 280 });
expectFamily('kerasZipFiles', { seed: 1, cases: 500, refused: 400 });
expectFamily('onnxModels', { seed: 1, cases: 1200, refused: 1000 });
expectFamily('huggingFaceFolders', { seed: 1, cases: 500, refused: 300 });
expectFamily('tokenizerFiles', { seed: 1, cases: 120, refused: 40 });
