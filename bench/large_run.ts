import { benchLarge } from '/work/main/bench/large_tmp.ts';
await benchLarge();
