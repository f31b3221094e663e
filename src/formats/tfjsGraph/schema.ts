import { z } from 'zod';
import { fileList } from '../kerasLayers/fileList.ts';
import { weightsGroup } from '../tfjsLayers/modelJson.ts';

/** Protobuf's JSON writes int64 as text. */
const integer = z.union([z.number(), z.string()]);
/** Bytes: base64, or a list of codes. */
const bytes = z.union([z.string(), fileList(z.number())]);
const tensorShape = z.looseObject({
  dim: fileList(z.looseObject({ size: integer.optional() })).optional(),
  unknownRank: z.boolean().optional(),
});

/** One `AttrValue` of a GraphDef. */
const attribute = z.looseObject({
  s: bytes.optional(),
  i: integer.optional(),
  f: z.union([z.number(), z.string()]).optional(),
  b: z.boolean().optional(),
  type: z.union([z.string(), z.number()]).optional(),
  shape: tensorShape.optional(),
  list: z.looseObject({ s: fileList(bytes).optional(), i: fileList(integer).optional() }).optional(),
});

const fileNode = z.looseObject({
  name: z.string(),
  op: z.string(),
  input: fileList(z.string()).nullish(),
  attr: z.record(z.string(), attribute).nullish(),
});

const tensorInfo = z.looseObject({ name: z.string(), tensorShape: tensorShape.nullish() });

const signature = z.looseObject({
  inputs: z.record(z.string(), tensorInfo).nullish(),
  outputs: z.record(z.string(), tensorInfo).nullish(),
});

/** `model.json` of a TensorFlow.js graph model, as far as it is read. */
export const graphModelSchema = z.looseObject({
  modelTopology: z.looseObject({ node: fileList(fileNode) }),
  signature: signature.nullish(),
  // where older converters put it
  userDefinedMetadata: z.looseObject({ signature: signature.nullish() }).nullish(),
  weightsManifest: fileList(weightsGroup),
});

export type FileNode = z.infer<typeof fileNode>;
export type FileAttribute = z.infer<typeof attribute>;
export type FileShape = z.infer<typeof tensorShape>;
export type FileSignature = z.infer<typeof signature>;
