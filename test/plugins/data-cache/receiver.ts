// A worker thread that is sent grouped data, says what it sees, and writes one number.
import { parentPort, workerData } from 'node:worker_threads'
import { type GroupsHandle, receiveGroups } from '@rxtuna/data-cache'

const data = receiveGroups(workerData as GroupsHandle)
const a = data.groups.get('A')
const b = data.groups.get('B')
const close = b?.columns.close as Float64Array
close[1] = 7
const refusal = await data.derive('other', {}, () => []).catch((error: { readonly code: string }) => error.code)
parentPort?.postMessage({
  version: data.version,
  keys: [...data.groups.keys()],
  close: Array.from(a?.columns.close ?? []),
  mean: Array.from(a?.between(1, 3).columns.mean ?? []),
  derive: refusal
})
