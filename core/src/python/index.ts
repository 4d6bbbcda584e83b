export { distributionFromJson, distributionToJson } from './distribution-json.ts'
export { fromPythonJson, pythonFloat, toPythonJson } from './json.ts'
