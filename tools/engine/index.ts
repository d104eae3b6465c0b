export { STACK_TYPE } from "./monitor";
export { type ProgramOptions, type ProgramResult, runProgram } from "./program";
export type { RecordedOptions, RecordedResource } from "./resource";
export {
  decode,
  isPlainObject,
  joinPath,
  type Properties,
  ResourceReference,
  redact,
  Secret,
  Unknown,
  type Value,
  withheld,
} from "./values";
