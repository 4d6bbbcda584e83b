export { CacheMeter, type LoadKind } from './meter.ts'
export { SingleFlight } from './single-flight.ts'
export { Wraps } from './wraps.ts'
