import { expectFamily } from './expectFamily.ts';

expectFamily('safetensorsFiles', { seed: 1, cases: 300, refused: 220 });
expectFamily('pictureFiles', { seed: 1, cases: 500, refused: 150 });
